"""Which of two models to ship: their figures side by side, and a decision with its reasons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models import bundle as bundles
from models.bundle import Bundle
from training.card import megabytes, open_predictor
from training.data import load_data
from training.dataset import Example
from training.evaluate import evaluate
from training.metrics import TASKS, Pair, Scores, average, bootstrap, by_language, mean_draws, worst
from training.splits import Split
from triage.errors import InvalidInput
from triage.labels import UNDETERMINED

COUNTED: Final = (
    "request_f1", "intent_accuracy", "span_f1", "category_f1", "aspect_f1", "sentiment_accuracy", "urgent_f1",
    "language_long",
)  # fmt: skip
"""What decides: precision and recall stand in F1 already, and very short texts are few."""
TIE: Final = 0.005
"""A smaller model may lose this much."""
LARGEST_DROP: Final = 0.03
"""In the worst language of any task; beyond it no gain elsewhere is worth shipping."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model with its answers on the comments that both are compared on."""

    name: str
    """As the operator gave it: two bundles may carry the same name inside."""
    bundle: Bundle
    pairs: Sequence[Pair]
    megabytes: float
    """Of the weights."""

    @property
    def scores(self) -> dict[str, Scores]:
        """By language."""
        return by_language(self.pairs)


def judged(corpus: Path) -> dict[Split, list[Example]]:
    """What models are compared on: the comments of dev, public and test.

    Raises `InvalidInput` where dev or test has none; public text is what a corpus may lack.
    """
    data = load_data(corpus)
    if not (data.dev and data.test):
        raise InvalidInput(
            f"{corpus} has no comments to compare on: name batches for dev and test in splits.json"
        )
    return {"dev": data.dev, "public": data.public, "test": data.test}


def candidate(model: str, examples: Sequence[Example], step: Callable[[str, float], None]) -> Candidate:
    """Opens a released model or a bundle's folder, and runs it on the examples."""
    folder = bundles.find(model)
    predictor = open_predictor(folder)
    return Candidate(
        name=model,
        bundle=bundles.read(folder),
        pairs=evaluate(examples, predictor, lambda share: step(f"Judging with {model}", share)),
        megabytes=megabytes(folder),
    )


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure of both models."""

    task: str
    means: tuple[float, float]
    worst: tuple[tuple[float, str], tuple[float, str]]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What to ship and why."""

    ship: str
    reasons: tuple[str, ...]


def lines(first: Candidate, second: Candidate) -> list[Line]:
    """Every task's mean over languages and worst language, of both."""
    one, two = first.scores, second.scores
    return [
        Line(task=t, means=(average(one, t), average(two, t)), worst=(worst(one, t), worst(two, t)))
        for t in TASKS
    ]


def decide(first: Candidate, second: Candidate, rounds: int = 200) -> Verdict:
    """`first` is what is shipped now.

    `second` replaces it where that is an improvement beyond chance, or where it is as good
    and smaller; never where a language pays for it.
    """
    low, high = gain_interval(first.pairs, second.pairs, rounds)
    gain = merit(second.scores) - merit(first.scores)
    said = f"merit {gain:+.4f}, 95 % between {low:+.4f} and {high:+.4f} (paired bootstrap, {rounds} rounds)"
    if dropped := drops(lines(first, second)):
        return Verdict(ship=first.name, reasons=(said, *dropped))
    if low > 0:
        return Verdict(ship=second.name, reasons=(said, "better beyond chance"))
    smaller = _smaller(first, second)
    if smaller and gain >= -TIE:
        return Verdict(ship=second.name, reasons=(said, f"within {TIE} and {smaller}"))
    why = "worse beyond chance" if high < 0 else "no improvement beyond chance: keep what is shipped"
    return Verdict(ship=first.name, reasons=(said, why))


def drops(compared: Sequence[Line]) -> list[str]:
    """Tasks whose worst language falls too far with the second model."""
    return [
        f"worst language of {line.task} falls from {line.worst[0][0]:.3f} ({line.worst[0][1]})"
        f" to {line.worst[1][0]:.3f} ({line.worst[1][1]})"
        for line in compared
        if line.task in COUNTED and line.worst[1][0] < line.worst[0][0] - LARGEST_DROP
    ]


def merit(scores: Mapping[str, Scores]) -> float:
    """One number to order models by: the mean over tasks, half of it the mean language and half the worst."""
    return float(np.nanmean([(average(scores, task) + worst(scores, task)[0]) / 2 for task in COUNTED]))


def gain_interval(first: Sequence[Pair], second: Sequence[Pair], rounds: int) -> tuple[float, float]:
    """95 % bounds of the difference in merit; both models are drawn on the same comments each round."""
    gains = _merits(bootstrap(second, rounds)) - _merits(bootstrap(first, rounds))
    low, high = np.percentile(gains, [2.5, 97.5])
    return float(low), float(high)


def _merits(draws: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """(rounds,): merit in each round."""
    counted = [TASKS.index(task) for task in COUNTED]
    every = np.stack([values for code, values in draws.items() if code != UNDETERMINED])
    lowest = np.nanmin(np.where(np.isnan(every), np.inf, every), axis=0)
    both = (mean_draws(draws) + np.where(np.isinf(lowest), np.nan, lowest)) / 2
    return np.asarray(np.nanmean(both[:, counted], axis=1))


def _smaller(first: Candidate, second: Candidate) -> str | None:
    """In which way the second is smaller, if it is."""
    if second.bundle.layers < first.bundle.layers:
        return f"faster: {second.bundle.layers} layers against {first.bundle.layers}"
    if second.megabytes < 0.95 * first.megabytes:
        return f"smaller: {second.megabytes:.1f} MB against {first.megabytes:.1f} MB"
    return None
