from concurrent.futures import Future, ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from models.batches import BATCH, PADDING, PIECES, Job, Waiting, grouped
from models.text import Window


def job(pieces: int) -> Job:
    return Job(window=Window(text=0, ids=[0] * pieces, spans=[]), result=Future())


def lengths(group: list[Job]) -> list[int]:
    return [one.pieces for one in group]


@given(st.lists(st.integers(6, 300), max_size=200))
def test_every_window_is_in_one_batch_and_no_batch_is_too_large_or_padded_too_much(pieces: list[int]) -> None:
    groups = [lengths(group) for group in grouped([job(number) for number in pieces])]
    assert sorted(pieces) == sorted(number for group in groups for number in group)
    for group in groups:
        assert len(group) == 1 or (len(group) <= BATCH and len(group) * max(group) <= PIECES)
        assert sum(max(group) - number for number in group) <= PADDING


def test_windows_of_one_length_run_together_and_others_on_their_own() -> None:
    found = [lengths(group) for group in grouped([job(n) for n in (40, 10, 11, 10, 200, 10)])]
    assert found == [[10, 10, 10, 11], [40], [200]]


def test_the_window_that_waited_longest_goes_first_with_those_that_fit_it() -> None:
    waiting = Waiting()
    waiting.put([job(50), job(10)])
    waiting.put([job(50), job(10), job(10)])
    assert lengths(waiting.take()) == [50, 50]
    waiting.put([job(50)])
    assert lengths(waiting.take()) == [10, 10, 10]
    assert lengths(waiting.take()) == [50]


def test_two_workers_share_what_one_caller_brought() -> None:
    waiting = Waiting()
    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(waiting.take) for _ in range(2)]
        waiting.put([job(10), job(100)])
        assert sorted(lengths(one.result(timeout=5)) for one in taken) == [[10], [100]]
