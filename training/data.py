"""A corpus as training uses it: by split, with the labels of second readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.dataset import Example, load_corpus, load_file
from training.splits import SPLITS, Split, read_splits

REREAD: Final = "annotation/reread"
"""Within a corpus: the folder of files of comments with a second reader's labels."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """The corpus by split, and what of it some cycles go over with second labels."""

    train: list[Example]
    reread: dict[str, list[Example]]
    """File's name -> those of `train` that another reader labelled blind, with that reader's labels.

    No comment is in two files.
    """
    dev: list[Example]
    public: list[Example]
    test: list[Example]
    fresh: list[Example]

    @property
    def second(self) -> dict[str, Example]:
        """By id, what another reader labelled."""
        return {one.id: one for part in self.reread.values() for one in part}


def load_data(corpus: Path) -> Data:
    """Reads the corpus and divides it by `splits.json`, or by a fixed fifth where there is none.

    Raises InvalidInput for what is no labelled comment, or is in no split.
    """
    examples = load_corpus(corpus)
    split = read_splits(corpus)
    parts: dict[Split, list[Example]] = {name: [] for name in SPLITS}
    for example in examples:
        parts[split(example)].append(example)
    return Data(reread=_reread(corpus / REREAD, parts["train"]), **parts)


def _reread(folder: Path, train: Sequence[Example]) -> dict[str, list[Example]]:
    """What still stands in the training text as it was read."""
    texts = {example.id: example.text for example in train}
    return {
        file.stem: [one for one in load_file(file) if texts.get(one.id) == one.text]
        for file in sorted(folder.glob("*.jsonl"))
    }
