"""Praise told from blame in text that nobody wrote for this project: third-party sets that no training saw.

Their weak labels know two sides only, so what is asked is which of the two the model
finds likelier, whether or not it would answer `neutral` or `mixed`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.dataset import Example
from training.evaluate import judge
from triage.labels import SENTIMENTS
from triage.ports import Predictor

_PRAISE: Final = SENTIMENTS.index("positive")
_BLAME: Final = SENTIMENTS.index("negative")


@dataclass(frozen=True, kw_only=True)
class Sides:
    """How one set went."""

    texts: int
    right: Mapping[str, float]
    """By language, the share of texts whose side was found."""

    @property
    def mean(self) -> float:
        """Over languages, each counting the same."""
        return float(np.mean(list(self.right.values())))

    @property
    def worst(self) -> tuple[float, str]:
        """The language in which it is found least, and how often."""
        return min((share, language) for language, share in self.right.items())


def measure(
    sets: Mapping[str, Sequence[Example]], predictor: Predictor, progress: Callable[[str, float], None]
) -> dict[str, Sides]:
    """For each set of examples with a `polarity`; `progress` hears its name and the share done."""
    return {name: _sides(examples, predictor, name, progress) for name, examples in sets.items() if examples}


def _sides(
    examples: Sequence[Example], predictor: Predictor, name: str, progress: Callable[[str, float], None]
) -> Sides:
    right: dict[str, list[bool]] = {}
    for judged in judge(examples, predictor, lambda share: progress(name, share)):
        if judged.prediction and judged.gold.lang:
            chances = judged.prediction.sentiment
            found = "positive" if chances[_PRAISE] > chances[_BLAME] else "negative"
            right.setdefault(judged.gold.lang, []).append(found == judged.gold.polarity)
    shares = {language: float(np.mean(found)) for language, found in right.items()}
    return Sides(texts=sum(map(len, right.values())), right=shares)
