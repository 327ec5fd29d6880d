"""How many attempts to a system run at once: a gate in front of the work of each queue.

The engine claims jobs many at a time, for each look at its tables costs more than a job. What
it claimed waits here for one of a few slots, and through a short pause that the system asked
for: giving the job back and claiming it again would cost more than the wait.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from triage.delivery.http import Spacing

PATIENCE = 5.0
"""The longest pause (seconds) that is waited through; before a longer one the work goes on, and sees it."""
_LOOK_AGAIN = 1.0


class Pace:
    """How fast work goes on while those who post need the machine. Shared by all gates. Thread-safe."""

    def __init__(self, per_second: float) -> None:
        self._spacing = Spacing(per_second)
        self.is_slow = False

    def wait(self) -> None:
        """Wait for this one's turn, where turns are kept."""
        if self.is_slow:
            self._spacing.wait()


class Gate:
    """Lets so many in at once. Thread-safe."""

    def __init__(self, at_once: int, pace: Pace | None = None) -> None:
        self._at_once = at_once
        self._pace = pace
        self._inside = 0
        self._closed_until = 0.0
        self._hurried = False
        self._changed = threading.Condition()

    def set(self, at_once: int, *, pause: float = 0.0) -> None:
        """From now on let `at_once` in, after a pause of so many seconds."""
        with self._changed:
            self._at_once = at_once
            self._closed_until = time.monotonic() + pause
            self._changed.notify_all()

    def hurry(self) -> None:
        """Wait through no pause any more: this process is about to end."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a slot, and hold it."""
        with self._changed:
            while not self._admits():
                left = self._closed_until - time.monotonic()
                self._changed.wait(timeout=left if 0 < left < _LOOK_AGAIN else _LOOK_AGAIN)
            self._inside += 1
        try:
            if self._pace and not self._hurried:
                self._pace.wait()
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify()

    def _admits(self) -> bool:
        left = self._closed_until - time.monotonic()
        # Never none at all: what was claimed before a long pause must get through to learn of it.
        return self._inside < max(self._at_once, 1) and (left <= 0 or left > PATIENCE or self._hurried)
