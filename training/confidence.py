"""Whether confidence can be trusted: calibration by task, and what abstention buys.

Both are read off the findings as they are served, so they hold for whatever stands
between the logits and the answer: temperatures, thresholds, the evidence on language.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.evaluate import Judged
from training.metrics import calibration_error
from triage.findings import abstained
from triage.types import Thresholds

TASKS: Final = ("request", "intent", "sentiment", "aspects", "urgent", "language")
BINS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Claims:
    """n statements of a probability, and whether what was stated is true."""

    confidence: NDArray[np.float64]
    """(n,)"""
    correct: NDArray[np.bool_]
    """(n,)"""

    @property
    def error(self) -> float:
        """The expected calibration error; nan where nothing was claimed."""
        return calibration_error(self.confidence, self.correct, BINS) if len(self.correct) else float("nan")

    def bins(self) -> list[tuple[float, float]]:
        """Mean confidence and share correct of each tenth, from the least confident."""
        order = np.argsort(self.confidence, kind="stable")
        parts = [part for part in np.array_split(order, BINS) if len(part)]
        return [(float(self.confidence[part].mean()), float(self.correct[part].mean())) for part in parts]


def claims(judged: Sequence[Judged]) -> dict[str, Claims]:
    """Every task's claims.

    Of a yes or no task the claim is "yes", with its probability; of the others it is
    the answer given. Intents count where there is a request, categories where found:
    one that is right must have the right polarity.
    """
    return {task: _claims([claim for one in judged for claim in _said(one, task)]) for task in TASKS}


def _claims(found: Sequence[tuple[float, bool]]) -> Claims:
    return Claims(
        confidence=np.array([confidence for confidence, _ in found], dtype=np.float64),
        correct=np.array([correct for _, correct in found], dtype=np.bool_),
    )


def _said(judged: Judged, task: str) -> Iterator[tuple[float, bool]]:
    gold, found, finding, prediction = judged.gold, judged.found, judged.finding, judged.prediction
    if task == "language":
        yield finding.language.confidence, gold.lang == found.lang
    elif prediction is None:
        return
    elif task == "request":
        yield prediction.request, bool(gold.has_request)
    elif task == "urgent":
        yield prediction.urgent, bool(gold.urgent)
    elif task == "sentiment":
        yield finding.sentiment_confidence, gold.sentiment == found.sentiment
    elif task == "intent" and finding.request and gold.has_request:
        yield finding.request.intent_confidence, gold.request == found.request
    elif task == "aspects":
        for aspect in finding.aspects:
            yield aspect.confidence, (gold.aspects or {}).get(aspect.category) == aspect.polarity


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What a task answers at an operating point."""

    target: str
    task: str
    share: float
    """Of the task's answers, those it does not abstain from."""
    precision: float
    """Of those, the right ones; nan where it abstains from all."""


ABSTAINING: Final = ("request", "intent", "sentiment", "aspects", "urgent")


def coverage(judged: Sequence[Judged], points: Mapping[str, Thresholds]) -> list[Coverage]:
    """Share and precision of the answers at each operating point: target precision -> thresholds."""
    return [_covered(judged, target, task, points[target]) for target in points for task in ABSTAINING]


def _covered(judged: Sequence[Judged], target: str, task: str, thresholds: Thresholds) -> Coverage:
    answers = [answer for one in judged for answer in _answers(one, task, thresholds)]
    kept = [correct for sure, correct in answers if sure]
    return Coverage(
        target=target,
        task=task,
        share=len(kept) / len(answers) if answers else float("nan"),
        precision=sum(kept) / len(kept) if kept else float("nan"),
    )


def _answers(judged: Judged, task: str, thresholds: Thresholds) -> Iterator[tuple[bool, bool]]:
    """Whether each answer of the task is kept, and whether it is right."""
    gold, found = judged.gold, judged.found
    if judged.prediction is None:
        return
    unsure = set(abstained(judged.prediction, thresholds))
    if task == "request":
        yield task not in unsure, gold.has_request == found.has_request
    elif task == "intent" and found.has_request and gold.has_request:
        yield task not in unsure, gold.request == found.request
    elif task == "sentiment":
        yield task not in unsure, gold.sentiment == found.sentiment
    elif task == "urgent":
        yield task not in unsure, gold.urgent == found.urgent
    elif task == "aspects":
        for category, polarity in (found.aspects or {}).items():
            yield f"aspects.{category}" not in unsure, (gold.aspects or {}).get(category) == polarity
