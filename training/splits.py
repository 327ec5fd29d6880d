"""Which comments train, which tune, which test: by whole batches, so that no writer is on two sides."""

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, get_args

from training.dataset import Example
from triage.errors import InvalidInput

Split = Literal["train", "dev", "public", "test", "fresh"]
"""Beside the usual three: `public`, by which models are compared on what customers post in public, and
`fresh`, a second test that no training, tuning or choice reads."""
SPLITS: Final = get_args(Split)


def read_splits(corpus: Path) -> Callable[[Example], Split]:
    """The rule of `splits.json` in the corpus folder, or of its ids where there is none."""
    path = corpus / "splits.json"
    if not path.is_file():
        return by_hash
    batches: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    if unknown := batches.keys() - {*SPLITS}:
        raise InvalidInput(f"{path}: no split {', '.join(sorted(unknown))}: choose {', '.join(SPLITS)}")
    where = {batch: split for split, names in batches.items() for batch in names}

    def split(example: Example) -> Split:
        if example.batch not in where:
            raise InvalidInput(f"{path}: batch {example.batch} of {example.id} is in no split: add it to one")
        return where[example.batch]  # type: ignore[return-value]

    return split


def by_hash(example: Example) -> Split:
    """A fifth to test and a tenth to dev, by a hash of the id: stable whatever else is added."""
    bucket = _unit(example)
    return "test" if bucket < 0.2 else "dev" if bucket < 0.3 else "train"


def portion(examples: Iterable[Example], share: float) -> list[Example]:
    """`share` of the examples, by a hash of the id: alike in all languages; a larger holds a smaller one."""
    return [example for example in examples if _unit(example) < share]


def _unit(example: Example) -> float:
    """A hash of the id in [0, 1), in steps of 1/256."""
    return sha256(example.id.encode()).digest()[0] / 256
