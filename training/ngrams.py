"""Fits what letters say of a language: multinomial logistic regression over hashed n-grams."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from wordfreq import get_frequency_list

from models.ngrams import BITS, NGrams, rows
from training.augment import cropped, vary
from training.dataset import Example
from triage.labels import LANGUAGES, UNDETERMINED
from triage.words import OTHERS

CROPS: Final = 2
"""Of a comment; these are one to four words, as short answers are."""
FOREIGN: Final = 8
"""Of a comment in another language, of which there are few."""
OTHERS_SHARE: Final = 0.3
"""Of the words of languages that are not ours: there are nearly as many of these languages."""
EPOCHS: Final = 3
RATE: Final = 0.05
BATCH: Final = 512
_CODES: Final = (*LANGUAGES, UNDETERMINED)

Labelled = tuple[str, str]
"""A text and its language."""


def fit(examples: Sequence[Example], progress: Callable[[float], None], seed: int = 17) -> NGrams:
    """From crops of `examples`, those of few words, and as many words of frequency lists; a minute or two."""
    rng = random.Random(seed)
    drawn = [*_crops(examples, rng)]
    drawn += rng.sample(words := [*_words(rng)], min(len(words), len(drawn)))
    known = [(found, _CODES.index(code)) for text, code in drawn if len(found := rows(text))]
    table = nn.EmbeddingBag(2**BITS, len(_CODES), mode="sum", sparse=True)
    nn.init.zeros_(table.weight)
    optimizer = torch.optim.SparseAdam(list(table.parameters()), lr=RATE)
    steps = EPOCHS * max(1, len(known) // BATCH)
    for step in range(steps):
        at = step * BATCH % (len(known) - len(known) % BATCH or len(known))
        if at == 0:
            rng.shuffle(known)
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / steps)
        loss = _loss(table, known[at : at + BATCH])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()  # type: ignore[no-untyped-call]
        progress((step + 1) / steps)
    return NGrams.rounded(table.weight.detach().numpy())


def _crops(examples: Sequence[Example], rng: random.Random) -> Iterator[Labelled]:
    for example in examples:
        if example.lang is None:
            continue
        short = len(example.text.split()) <= 3
        for _ in range(CROPS if example.lang != UNDETERMINED else FOREIGN):
            yield vary(cropped(example, rng), rng, turning=0.0).text, example.lang
            if short:
                yield vary(example, rng, turning=0.0).text, example.lang


def _words(rng: random.Random) -> Iterator[Labelled]:
    for code in (*LANGUAGES, *OTHERS):
        ours = code in LANGUAGES
        for words in get_frequency_list(code, "small"):
            for word in words:
                if ours or rng.random() < OTHERS_SHARE:
                    yield word, code if ours else UNDETERMINED


def _loss(table: nn.EmbeddingBag, batch: Sequence[tuple[np.ndarray, int]]) -> torch.Tensor:
    lengths = np.array([len(found) for found, _ in batch])
    logits = table(
        torch.from_numpy(np.concatenate([found for found, _ in batch])),
        torch.from_numpy(np.cumsum(lengths) - lengths),
        per_sample_weights=torch.from_numpy(np.repeat(lengths**-0.5, lengths).astype(np.float32)),
    )
    return F.cross_entropy(logits, torch.tensor([code for _, code in batch]))
