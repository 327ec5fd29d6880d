"""Which windows run together: callers put theirs in, workers take one batch after the other.

Padding costs as much as text, and a run of its own costs little more than its pieces: so
only windows of nearly one length share a batch, and batches stay small.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.text import Window

Outputs = dict[str, NDArray[np.float32]]
"""Head -> logits, one row a window; see `network.Logits`."""

BATCH: Final = 32
PIECES: Final = 512
"""Padded pieces in a batch at most: what fits the cache runs fastest, and long comments need less memory."""
PADDING: Final = 6
"""Pieces of padding in a batch at most: what a run costs beside its own, measured on the packaged encoder."""
_CHOICE: Final = 8 * BATCH
"""Windows looked at, the longest waiting first, for those that go together."""


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Job:
    """A window, and the promise of its rows of logits."""

    window: Window
    result: "Future[Outputs]"

    @property
    def pieces(self) -> int:
        """The window's length."""
        return len(self.window.ids)


class Waiting:
    """The windows that wait for a worker. Thread-safe."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()

    def put(self, jobs: Iterable[Job]) -> None:
        """Add the windows of one caller."""
        with self._changed:
            self._jobs.extend(jobs)
            self._changed.notify()

    def take(self) -> list[Job]:
        """Wait for a batch; it holds the window that waited longest, so that none waits for ever."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs)
            oldest = self._jobs[0]
            batch = next(group for group in grouped([*islice(self._jobs, _CHOICE)]) if oldest in group)
            taken = set(batch)
            self._jobs = deque(job for job in self._jobs if job not in taken)
            if self._jobs:
                self._changed.notify()  # for the next worker
            return batch


def grouped(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Batches of nearly one length, within BATCH windows and PIECES pieces, PADDING of them padded."""
    group: list[Job] = []
    padded = 0
    for job in sorted(jobs, key=lambda job: job.pieces):
        if group:
            padded += len(group) * (job.pieces - group[-1].pieces)
            is_full = len(group) == BATCH or (len(group) + 1) * job.pieces > PIECES
            if is_full or padded > PADDING:
                yield group
                group, padded = [], 0
        group.append(job)
    if group:
        yield group
