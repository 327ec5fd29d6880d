"""Comments that say nearly the same, found by their embeddings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.corpus import normalised
from training.dataset import Example

NEAR: Final = 0.97
"""Cosine above which two comments of one language count as the same."""
TRANSLATED: Final = 0.97
"""The same across languages: this encoder puts translations of a sentence at about 0.9 and above."""
SHORTEST: Final = 12
"""Letters: `no` and `nothing` are near one another, and may both be there."""


@dataclass(frozen=True, kw_only=True)
class Near:
    """Two comments and the cosine of their embeddings."""

    first: str
    second: str
    cosine: float
    across: bool
    """In different languages: worth a look, since no comment may be a translation; no fault by itself."""


def find(examples: Sequence[Example], progress: Callable[[float], None] = lambda _: None) -> list[Near]:
    """All pairs above the thresholds, the nearest first. A minute or more: it embeds every comment."""
    from training.embed import embed  # torch takes seconds to load, and `near` does without it

    long = [example for example in examples if len(normalised(example.text)) > SHORTEST]
    return near(long, embed([example.text for example in long], progress=progress))


def near(examples: Sequence[Example], vectors: NDArray[np.float32], block: int = 512) -> list[Near]:
    """Pairs of `examples` whose `vectors` (n, H), each of length 1, are nearer than allowed."""
    languages = np.array([example.language for example in examples])
    found = []
    for start in range(0, len(examples), block):
        cosines = vectors[start : start + block] @ vectors.T
        same = languages[start : start + block, None] == languages[None, :]
        limit = np.where(same, NEAR, TRANSLATED)
        later = np.arange(len(examples))[None, :] > np.arange(start, start + len(cosines))[:, None]
        for row, column in zip(*np.nonzero((cosines > limit) & later), strict=True):
            found.append(
                Near(
                    first=examples[start + row].id,
                    second=examples[column].id,
                    cosine=float(cosines[row, column]),
                    across=not same[row, column],
                )
            )
    return sorted(found, key=lambda pair: -pair.cosine)
