import threading
from collections.abc import Callable, Sequence

import pytest

from triage.errors import Unavailable
from triage.group_commit import GroupCommit


class Disk:
    """Records each commit; the first one waits until the test lets it end."""

    def __init__(self, refuse: Callable[[int], Exception | None] = lambda item: None) -> None:
        self.commits: list[list[int]] = []
        self.first_has_begun = threading.Event()
        self.first_may_end = threading.Event()
        self._refuse = refuse

    def commit(self, items: Sequence[int]) -> list[int]:
        self.commits.append([*items])
        self.first_has_begun.set()
        assert self.first_may_end.wait(5)
        for item in items:
            if error := self._refuse(item):
                raise error
        return [item * 10 for item in items]


def store_together(disk: Disk, group: GroupCommit[int, int], items: list[list[int]]) -> list[object]:
    """Store `items` from a thread each, the first alone in the first commit, the rest waiting for it."""
    outcomes: list[object] = [None] * len(items)

    def store(place: int) -> None:
        try:
            outcomes[place] = list(group.store(items[place]))
        except Exception as error:
            outcomes[place] = error

    threads = [threading.Thread(target=store, args=(place,)) for place in range(len(items))]
    threads[0].start()
    assert disk.first_has_begun.wait(5)
    for waiting, thread in enumerate(threads[1:], 1):
        thread.start()
        while len(group._queue) < waiting:
            pass
    disk.first_may_end.set()
    for thread in threads:
        thread.join(5)
    return outcomes


def test_those_who_wait_share_the_next_commit() -> None:
    disk = Disk()
    group = GroupCommit(disk.commit)
    outcomes = store_together(disk, group, [[1], [2], [3, 4], [5]])
    assert disk.commits == [[1], [2, 3, 4, 5]]
    assert outcomes == [[10], [20], [30, 40], [50]]


def test_a_group_holds_no_more_than_allowed() -> None:
    disk = Disk()
    group = GroupCommit(disk.commit, most=3)
    outcomes = store_together(disk, group, [[1], [2, 3], [4, 5], [6]])
    assert disk.commits == [[1], [2, 3], [4, 5, 6]]
    assert outcomes == [[10], [20, 30], [40, 50], [60]]


def test_more_than_allowed_at_once_is_a_group_of_its_own() -> None:
    disk = Disk()
    disk.first_may_end.set()
    assert GroupCommit(disk.commit, most=2).store([1, 2, 3]) == [10, 20, 30]


def test_one_caller_s_trouble_is_not_the_others_() -> None:
    disk = Disk(lambda item: ValueError("thirteen") if item == 13 else None)
    outcomes = store_together(disk, GroupCommit(disk.commit), [[1], [2], [13], [4]])
    assert outcomes[0] == [10]
    assert outcomes[1] == [20]
    assert isinstance(outcomes[2], ValueError)
    assert outcomes[3] == [40]


def test_an_absent_database_is_not_asked_again_for_each() -> None:
    disk = Disk(lambda item: Unavailable("away") if item > 1 else None)
    outcomes = store_together(disk, GroupCommit(disk.commit), [[1], [2], [3]])
    assert disk.commits == [[1], [2, 3]]
    assert outcomes[0] == [10]
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes[1:])


def test_the_next_caller_is_served_after_an_error() -> None:
    disk = Disk(lambda item: ValueError("thirteen") if item == 13 else None)
    disk.first_may_end.set()
    group = GroupCommit(disk.commit)
    with pytest.raises(ValueError, match="thirteen"):
        group.store([13])
    assert group.store([2]) == [20]
