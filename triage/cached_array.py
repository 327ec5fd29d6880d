"""A table that is derived once and then read from disk through a memory map."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

Progress = Callable[[str, float], None]
"""Told what is being done and how much of it is."""


def open_array(file: Path, build: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """The array in `file`, built there first where it is missing or damaged.

    Only a whole file ever bears the name, so that no killed build and no second one does harm.
    """
    try:
        found = np.load(file, mmap_mode="r")
    except (FileNotFoundError, EOFError, ValueError):
        _publish(file, build())
        found = np.load(file, mmap_mode="r")
    return np.asarray(found)  # a plain array on the same memory: `memmap` takes microseconds for each element


def _publish(file: Path, array: NDArray[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # In containers that share a cache, process ids repeat.
    part = file.with_suffix(f".{uuid4().hex}")
    try:
        with part.open("wb") as stream:
            np.save(stream, array)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
