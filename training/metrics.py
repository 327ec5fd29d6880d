"""What is measured, as the annotation guidelines compare labels; also bootstrap intervals and calibration."""

import math
import random
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dataset import Example
from triage.labels import UNDETERMINED

Pair = tuple[Example, Example]
"""Gold and predicted labels of one comment."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """All figures of a set of comments, 0 to 1."""

    request_f1: float
    request_precision: float
    request_recall: float
    intent_accuracy: float
    """Over the comments that have a request."""
    span_f1: float
    """Overlap of words between true and found request text."""
    category_f1: float
    aspect_f1: float
    """Category with polarity."""
    sentiment_accuracy: float
    urgent_f1: float
    language_long: float
    """Accuracy on texts of 4 words or more."""
    language_short: float


TASKS: tuple[str, ...] = tuple(field.name for field in fields(Scores))


def score(pairs: Sequence[Pair]) -> Scores:
    """Every figure over all pairs; a figure with nothing to count is nan."""
    asking = [(gold, found) for gold, found in pairs if gold.has_request]
    precision, recall, f1 = prf(_flags(pairs, lambda e: bool(e.has_request)))
    long = [pair for pair in pairs if len(pair[0].text.split()) >= 4]
    short = [pair for pair in pairs if len(pair[0].text.split()) < 4]
    return Scores(
        request_f1=f1,
        request_precision=precision,
        request_recall=recall,
        intent_accuracy=_mean(gold.request == found.request for gold, found in asking),
        span_f1=_mean(word_overlap(_asking(gold), _asking(found)) for gold, found in asking),
        category_f1=prf(_sets(pairs, lambda e: set(e.aspects or {})))[2],
        aspect_f1=prf(_sets(pairs, lambda e: set((e.aspects or {}).items())))[2],
        sentiment_accuracy=_mean(gold.sentiment == found.sentiment for gold, found in pairs),
        urgent_f1=prf(_flags(pairs, lambda e: bool(e.urgent)))[2],
        language_long=_mean(gold.lang == found.lang for gold, found in long),
        language_short=_mean(gold.lang == found.lang for gold, found in short),
    )


def by_language(pairs: Sequence[Pair]) -> dict[str, Scores]:
    """The figures of each language's file."""
    languages = sorted({gold.language for gold, _ in pairs})
    return {code: score([pair for pair in pairs if pair[0].language == code]) for code in languages}


def _mean(values: Iterable[float]) -> float:
    found = [float(value) for value in values]
    return mean(found) if found else math.nan


Counts = tuple[int, int, int]
"""True positives, false positives, false negatives."""


def prf(counts: Counts) -> tuple[float, float, float]:
    """Precision, recall and F1; F1 is nan where there was nothing to find and nothing was found."""
    hits, extra, missed = counts
    if not any(counts):
        return 0.0, 0.0, math.nan
    precision = hits / (hits + extra) if hits + extra else 0.0
    recall = hits / (hits + missed) if hits + missed else 0.0
    return precision, recall, 2 * hits / (2 * hits + extra + missed) if hits else 0.0


def _flags(pairs: Sequence[Pair], of: Callable[[Example], bool]) -> Counts:
    cells = Counter((of(gold), of(found)) for gold, found in pairs)
    return cells[True, True], cells[False, True], cells[True, False]


def _sets(pairs: Sequence[Pair], of: Callable[[Example], set[object]]) -> Counts:
    both = [(of(gold), of(found)) for gold, found in pairs]
    return (
        sum(len(gold & found) for gold, found in both),
        sum(len(found - gold) for gold, found in both),
        sum(len(gold - found) for gold, found in both),
    )


def _asking(example: Example) -> str:
    return example.text[slice(*example.span)] if example.span else ""


def word_overlap(first: str, second: str) -> float:
    """F1 over the words of two texts, as multisets."""
    one, two = (Counter(re.findall(r"\w+", text.lower())) for text in (first, second))
    shared = (one & two).total()
    return 2 * shared / (one.total() + two.total()) if shared else 0.0


Draws = Mapping[str, NDArray[np.float64]]
"""Language -> (rounds, tasks): every figure of every resample, in the order of TASKS."""


def bootstrap(pairs: Sequence[Pair], rounds: int = 300, seed: int = 5) -> dict[str, NDArray[np.float64]]:
    """Resamples the comments of each language, with replacement (Efron 1979).

    The same seed draws the same comments, so that two models' draws can be compared round by round.
    """
    rng = random.Random(seed)
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair[0].language, []).append(pair)
    return {
        code: np.array([[*vars(score(rng.choices(group, k=len(group)))).values()] for _ in range(rounds)])
        for code, group in sorted(groups.items())
    }


def mean_draws(draws: Draws) -> NDArray[np.float64]:
    """(rounds, tasks): the mean over languages in each round."""
    languages = [values for code, values in draws.items() if code != UNDETERMINED]
    return _skipping_nan(np.nanmean, np.stack(languages))


def interval(draws: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    """Task -> the bounds that hold 95 % of its draws; nan where it could never be counted."""
    lows, highs = (_skipping_nan(np.nanpercentile, draws, q) for q in (2.5, 97.5))
    return dict(zip(TASKS, zip(lows.tolist(), highs.tolist(), strict=True), strict=True))


def _skipping_nan(
    statistic: Callable[..., Any], values: NDArray[np.float64], *more: float
) -> NDArray[np.float64]:
    """Over the first axis; a column of nothing but nan stays nan, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(statistic(values, *more, axis=0))


def calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over equal-mass bins (Naeini et al. 2015)."""
    order = np.argsort(confidence)
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(
        sum(len(part) * abs(confidence[part].mean() - correct[part].mean()) for part in parts) / len(order)
    )


def worst(scores: Mapping[str, Scores], task: str) -> tuple[float, str]:
    """The lowest figure of a task and its language; nan and "-" where no language has one."""
    return min(_figures(scores, task), default=(math.nan, "-"))


def average(scores: Mapping[str, Scores], task: str) -> float:
    """The mean of a task over languages, each counting the same; nan where no language has a figure."""
    return _mean(figure for figure, _ in _figures(scores, task))


def _figures(scores: Mapping[str, Scores], task: str) -> list[tuple[float, str]]:
    """The figures that there are; `und` is no language."""
    found = [(float(getattr(s, task)), code) for code, s in scores.items() if code != UNDETERMINED]
    return [(figure, code) for figure, code in found if not math.isnan(figure)]
