"""Group commit: callers that wait for the same writer share one transaction.

A commit to SQLite costs one flush to disk, whatever it holds, and only one can run at
a time. So while one caller commits, those who come next gather, and the first of them
commits for all: each still hears only after its own data is on disk.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from triage.errors import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Waiting(Generic[Item, Result]):
    """One caller with its items, and at last their results or an error."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.results: Sequence[Result] | None = None
        self.error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        return self.results is not None or self.error is not None


class GroupCommit(Generic[Item, Result]):
    """Calls `commit` with the items of many callers at once. Thread-safe.

    `commit` stores all items in one transaction, or none, and returns a result for each.
    """

    def __init__(self, commit: Callable[[Sequence[Item]], Sequence[Result]], *, most: int = 100) -> None:
        """`most` is how many items one transaction should hold at most, where callers bring few."""
        self._commit = commit
        self._most = most
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._turn = threading.Lock()

    def store(self, items: Sequence[Item]) -> Sequence[Result]:
        """Store `items` and return their results. Raises what `commit` raised for them."""
        mine: _Waiting[Item, Result] = _Waiting(items)
        self._queue.append(mine)
        with self._turn:
            while not mine.is_done:
                self._settle(self._next_group())
        if mine.error is not None:
            raise mine.error
        return mine.results or ()

    def _next_group(self) -> list[_Waiting[Item, Result]]:
        group = [self._queue.popleft()]
        size = len(group[0].items)
        while self._queue and size + len(self._queue[0].items) <= self._most:
            group.append(self._queue.popleft())
            size += len(group[-1].items)
        return group

    def _settle(self, group: list[_Waiting[Item, Result]]) -> None:
        try:
            results = iter(self._commit([item for waiting in group for item in waiting.items]))
            for waiting in group:
                waiting.results = [next(results) for _ in waiting.items]
        except Exception as error:
            self._settle_failure(group, error)

    def _settle_failure(self, group: list[_Waiting[Item, Result]], error: Exception) -> None:
        """Where the database is away, nobody gets in; otherwise only who brought the trouble stays out."""
        if len(group) == 1 or isinstance(error, Unavailable):
            for waiting in group:
                waiting.error = error
            return
        for waiting in group:
            self._settle([waiting])
