"""A few at once, after the pause, and without waiting where the pause is long."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from triage.jobs.gate import PATIENCE, Gate


def enter(gate: Gate, pool: ThreadPoolExecutor, leave: threading.Event) -> Future[float]:
    """Go through `gate`, stay until `leave`; the result is how long it took to get in."""
    inside = threading.Event()
    began = time.monotonic()

    def run() -> float:
        with gate.turn():
            waited = time.monotonic() - began
            inside.set()
            leave.wait(10)
        return waited

    future = pool.submit(run)
    inside.wait(0.1)
    return future


def test_no_more_than_its_slots_are_inside_at_once() -> None:
    gate, inside, most = Gate(3), 0, 0
    lock = threading.Lock()

    def work(_: int) -> None:
        nonlocal inside, most
        with gate.turn():
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.005)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(60)))
    assert most == 3


def test_a_short_pause_is_waited_through_and_a_long_one_is_not() -> None:
    gate, gone = Gate(1), threading.Event()
    gone.set()
    with ThreadPoolExecutor(1) as pool:
        gate.set(1, pause=0.4)
        assert 0.3 < enter(gate, pool, gone).result() < 2
        gate.set(1, pause=PATIENCE * 10)
        assert enter(gate, pool, gone).result() < 0.2
        gate.set(1, pause=PATIENCE)
        waiting = enter(gate, pool, gone)
        gate.hurry()
        assert waiting.result() < 2


def test_more_slots_let_in_who_waits() -> None:
    gate, leave, gone = Gate(1), threading.Event(), threading.Event()
    gone.set()
    with ThreadPoolExecutor(2) as pool:
        first = enter(gate, pool, leave)
        second = enter(gate, pool, gone)
        assert not second.done()
        gate.set(2)
        second.result(timeout=5)
        assert not first.done()
        leave.set()


def test_a_slot_is_given_back_after_an_error() -> None:
    gate = Gate(1)
    for _ in range(3):
        try:
            with gate.turn():
                raise ValueError
        except ValueError:
            pass
