"""Fits what letters say of a language: multinomial logistic regression over hashed n-grams."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from models.ngrams import BITS, NGrams, rows
from training.augment import cropped, vary
from training.dataset import Example
from triage.errors import InvalidInput
from triage.labels import UNDETERMINED
from triage.language import CODES, SHORT

CROPS: Final = 5
"""Of a comment; these are one to four words, as short answers are."""
FOREIGN: Final = 8
"""Of a comment in another language, of which there are few."""
EPOCHS: Final = 3
RATE: Final = 0.05
BATCH: Final = 512

Known = tuple[NDArray[np.int64], int]
"""The rows of a text, and the column of its language."""


def fit(examples: Sequence[Example], progress: Callable[[float], None], seed: int = 17) -> NGrams:
    """The table, from crops of `examples` and the shortest of them whole; a minute or two on two cores.

    Raises InvalidInput where no example has a letter and a language.
    """
    rng = random.Random(seed)
    known = [*_draw(examples, rng)]
    if not known:
        raise InvalidInput("languages cannot be learnt from the training comments: none has a letter")
    table = nn.EmbeddingBag(2**BITS, len(CODES), mode="sum", sparse=True)
    nn.init.zeros_(table.weight)
    _descend(table, [batch for _ in range(EPOCHS) for batch in _batches(known, rng)], progress)
    return NGrams.rounded(table.weight.detach().numpy())


def _descend(
    table: nn.EmbeddingBag, batches: Sequence[Sequence[Known]], progress: Callable[[float], None]
) -> None:
    optimizer = torch.optim.SparseAdam(list(table.parameters()), lr=RATE)
    for step, batch in enumerate(batches):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / len(batches))
        loss = _loss(table, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()  # type: ignore[no-untyped-call]
        progress((step + 1) / len(batches))


def _draw(examples: Sequence[Example], rng: random.Random) -> Iterator[Known]:
    for example in examples:
        if example.lang is None:
            continue
        for _ in range(CROPS if example.lang != UNDETERMINED else FOREIGN):
            shown = [cropped(example, rng)]
            shown += [example] if len(example.text.split()) <= SHORT else []
            for one in shown:
                found = rows(vary(one, rng, turning=0.0).text)
                if len(found):
                    yield found, CODES.index(example.lang)


def _batches(known: Sequence[Known], rng: random.Random) -> Iterator[list[Known]]:
    shuffled = rng.sample(known, len(known))
    for start in range(0, len(shuffled), BATCH):
        yield shuffled[start : start + BATCH]


def _loss(table: nn.EmbeddingBag, batch: Sequence[Known]) -> Tensor:
    lengths = np.array([len(found) for found, _ in batch])
    logits = table(
        torch.from_numpy(np.concatenate([found for found, _ in batch])),
        torch.from_numpy(np.cumsum(lengths) - lengths),
        per_sample_weights=torch.from_numpy(np.repeat(lengths**-0.5, lengths).astype(np.float32)),
    )
    return F.cross_entropy(logits, torch.tensor([code for _, code in batch]))
