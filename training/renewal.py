"""Going on from a bundle: what of the corpus is new to it, and what it is reminded of beside that.

A bundle keeps a digest of every labelled comment that it has learnt from, so that the next run finds by
itself what was added or labelled otherwise since.
"""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from training.dataset import Example, to_record
from training.schedule import Schedule

Digests = NDArray[np.uint32]

LEARNT: Final = "learnt.safetensors"
REMINDED: Final = 24_000
"""Comments that the bundle knows already, lest they be forgotten (rehearsal, Robins 1995)."""
TIMES: Final = 2
"""How often what is new is gone over, each time varied anew."""
KEPT: Final = 0.75
"""Share of the weights before in those afterwards (Wortsman et al. 2022, "WiSE-FT"), chosen on dev."""
SCHEDULE: Final = Schedule(
    epochs=1, rate=1.5e-4, head_rate=5e-4, warmup=0.05, seed=51, beside=0.15, asked=0.2, dropout=0.0,
    consistency=1.0,
)  # fmt: skip
"""Small steps, each comment in two variations that are to be answered alike."""


def examples(
    train: Sequence[Example], second: Mapping[str, Example], known: Digests, seed: int = 51
) -> list[Example]:
    """What a run goes over: what is not `known`, and a draw of what is, with `second` labels by id.

    Where most is new, as much is drawn as is new.
    """
    new = unknown(train, known)
    names = {one.id for one in new}
    old = [one for one in train if one.id not in names]
    drawn = random.Random(seed).sample(old, min(len(old), max(REMINDED, len(new))))
    return new * TIMES + [second.get(one.id, one) for one in drawn]


def unknown(train: Sequence[Example], known: Digests) -> list[Example]:
    """Comments that a bundle has not learnt from, or not with these labels."""
    seen = np.isin(digests(train), known)
    return [one for one, met in zip(train, seen, strict=True) if not met]


def digests(labelled: Iterable[Example]) -> Digests:
    """(N,): of each comment with its labels. Two differ but for one pair in four thousand million."""
    return np.array([_digest(one) for one in labelled], dtype=np.uint32)


def _digest(example: Example) -> int:
    record = json.dumps(to_record(example), ensure_ascii=False, sort_keys=True)
    return int.from_bytes(blake2b(record.encode(), digest_size=4).digest(), "little")


def united(known: Digests, train: Iterable[Example]) -> Digests:
    """What is known when `train` has been learnt from too."""
    return np.concatenate([known, digests(train)])


def read(folder: Path) -> Digests:
    """What the bundle in `folder` has learnt from; nothing is known of one made before this was kept."""
    path = folder / LEARNT
    return load_file(path)["digests"] if path.is_file() else np.array([], dtype=np.uint32)


def write(folder: Path, learnt: Digests) -> None:
    """Keeps what a bundle has learnt from beside it, four bytes a comment."""
    save_file({"digests": np.unique(learnt)}, folder / LEARNT)
