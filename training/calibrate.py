"""Fits, on the development split, what turns logits into answers: calibration, thresholds, abstention."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.batches import Outputs
from models.bundle import Bundle, Calibration
from models.predictor import Engine
from models.text import LEAD, TextEncoder, pad
from training.dataset import Example
from training.losses import IGNORE, encode_targets
from training.windows import one_window_each
from triage.labels import POLARITIES, SENTIMENTS
from triage.types import Confident, Thresholds

Array = NDArray[np.float64]
TARGETS: Final = ("0.8", "0.85", "0.9", "0.95", "0.98")
"""Precisions that an operator may ask for."""
AS_GOOD: Final = 0.006
"""A difference in F1 that dev's thousand comments cannot tell from none: three of its 420 requests."""
MISSED_REQUEST: Final = 2.0
"""A customer left without an answer costs as much as so many tickets that an agent closes at a glance."""
SEVERAL: Final = ("aspects", "sentiment", "intent", "language")
BINARY: Final = ("request", "urgent")
BIASED: Final = {"aspects": len(POLARITIES), "sentiment": len(SENTIMENTS) - 1}
"""How many classes get a bias of their own: all but the last."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Logits of labelled comments beside their true classes; IGNORE where there is none."""

    logits: dict[str, Array]
    truth: dict[str, Array]


def collect(engine: Engine, text: TextEncoder, padding: int, examples: Sequence[Example]) -> Scored:
    """Runs all examples once and keeps what calibration needs."""
    windows = one_window_each(text, examples)
    order = sorted(range(len(windows)), key=lambda i: len(windows[i].ids))
    rows: list[Outputs] = []
    truths: list[dict[str, Array]] = []
    for start in range(0, len(order), 32):
        group = order[start : start + 32]
        inputs = pad([windows[i] for i in group], padding)
        rows.append({k: v for k, v in engine.run(inputs).items() if k != "tokens"})
        targets = encode_targets([windows[i] for i in group], [examples[i] for i in group], LEAD + 300)
        truths.append({task: vars(targets)[task].numpy() for task in (*SEVERAL, *BINARY)})
    return Scored(
        logits={task: np.concatenate([row[task] for row in rows]) for task in rows[0]},
        truth={task: np.concatenate([truth[task] for truth in truths]) for task in truths[0]},
    )


def fit(bundle: Bundle, dev: Scored) -> Bundle:
    """The bundle with calibration, decision thresholds and abstention fitted on `dev`."""
    scaled = {task: _scaling(*_claimed(*_known(dev, task), task), BIASED.get(task, 0)) for task in SEVERAL}
    calibration = Calibration(
        temperatures={task: temperature for task, (temperature, _) in scaled.items()},
        biases={task: scaled[task][1] for task in BIASED},
        logistic={task: _logistic(*_known(dev, task)) for task in BINARY},
    )
    chances = {task: probabilities(dev, task, calibration) for task in (*SEVERAL, *BINARY)}
    thresholds = Thresholds(
        request=_best_threshold(*chances["request"], missed=MISSED_REQUEST),
        urgent=_best_threshold(*chances["urgent"]),
        aspect=_best_threshold(1.0 - chances["aspects"][0][:, 0], (chances["aspects"][1] > 0).astype(float)),
    )
    abstention = {target: _abstention(chances, thresholds, float(target)) for target in TARGETS}
    return replace(
        bundle,
        calibration=calibration,
        thresholds=replace(thresholds, confident=abstention["0.95"]),
        abstention=abstention,
    )


def _known(scored: Scored, task: str) -> tuple[Array, Array]:
    logits, truth = scored.logits[task].astype(np.float64), scored.truth[task]
    if task == "aspects":
        logits, truth = logits.reshape(-1, logits.shape[-1]), truth.reshape(-1)
    known = (truth != IGNORE) & ~np.isnan(truth)
    return logits[known], truth[known]


def probabilities(scored: Scored, task: str, calibration: Calibration) -> tuple[Array, Array]:
    """Calibrated probabilities of the labelled cases, (n, classes) or (n,), and their true classes."""
    logits, truth = _known(scored, task)
    if task in BINARY:
        slope, bias = calibration.logistic[task]
        return 1.0 / (1.0 + np.exp(-(slope * logits + bias))), truth
    return _softmax(calibration.scaled(task, logits)), truth


def _softmax(logits: NDArray[np.floating]) -> Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _claimed(logits: Array, truth: Array, task: str) -> tuple[Array, Array]:
    """Of the categories those found: the many that are plainly absent would decide alone."""
    if task != "aspects":
        return logits, truth
    found = _softmax(logits)[:, 0] < 0.5
    return logits[found], truth[found]


def _scaling(logits: Array, truth: Array, biased: int) -> tuple[float, tuple[float, ...]]:
    """The temperature, and biases of which the first `biased` may differ from 0."""
    rest = [0.0] * (logits.shape[1] - biased)

    def loss(parameters: Array) -> float:
        return _surprise(logits / parameters[0] + np.array([*parameters[1:], *rest]), truth)

    start = np.array([1.0, *[0.0] * biased])
    temperature, *biases = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2000}).x
    return round(float(temperature), 4), tuple(round(float(bias), 4) for bias in (*biases, *rest))


def _surprise(logits: Array, truth: Array) -> float:
    chances = _softmax(logits)[np.arange(len(truth)), truth.astype(int)]
    return float(-np.log(chances + 1e-12).mean())


def _logistic(logits: Array, truth: Array) -> tuple[float, float]:
    def loss(parameters: Array) -> float:
        z = parameters[0] * logits + parameters[1]
        return float((np.logaddexp(0.0, z) - truth * z).mean())

    slope, bias = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return round(float(slope), 4), round(float(bias), 4)


def _best_threshold(chances: Array, truth: Array, missed: float = 1.0) -> float:
    """Of the thresholds whose F-measure is as good as the best, the one nearest to where theory puts it.

    In the measure (F-beta, `missed` being beta squared) a case missed costs as much as `missed`
    false ones. It hardly changes over a wide range, and its very peak is chance. Of calibrated
    probabilities it lies at 1 / (1 + missed) of the best (Lipton et al. 2014, "Optimal Thresholding
    of Classifiers to Maximize F1 Measure", has half of it for F1).
    """

    def measure(threshold: float) -> float:
        found = chances >= threshold
        right = (found & (truth > 0)).sum()
        return float((1 + missed) * right / max(1.0, found.sum() + missed * (truth > 0).sum()))

    scores = {threshold: measure(threshold) for threshold in np.arange(0.2, 0.81, 0.02).round(2).tolist()}
    best = max(scores.values())
    good = [threshold for threshold, score in scores.items() if score >= best - AS_GOOD]
    return float(min(good, key=lambda threshold: abs(threshold - best / (1 + missed))))


def _abstention(
    chances: dict[str, tuple[Array, Array]], thresholds: Thresholds, target: float
) -> dict[str, Confident]:
    """For each task the pair (score, margin) that answers most and is right at the target rate."""
    return {
        task: _most_coverage(*given(task, *chances[task], thresholds), target)
        for task in ("request", "intent", "urgent", "sentiment", "aspects")
    }


def given(
    task: str, probability: Array, truth: Array, thresholds: Thresholds
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Of the answers that are served: their probabilities, those of the likeliest other, which are right."""
    if task in BINARY:
        yes = probability >= getattr(thresholds, task)
        score = np.where(yes, probability, 1.0 - probability)
        return score, 1.0 - score, yes == (truth > 0)
    if task == "aspects":
        spoken = 1.0 - probability[:, 0] >= thresholds.aspect
        probability, truth = probability[spoken], truth[spoken]
        polarities = np.sort(probability[:, 1:], axis=1)
        other = np.maximum(probability[:, 0], polarities[:, -2])
        return polarities[:, -1], other, probability[:, 1:].argmax(axis=1) + 1 == truth
    ranked = np.sort(probability, axis=1)
    return ranked[:, -1], ranked[:, -2], probability.argmax(axis=1) == truth


def _most_coverage(score: Array, other: Array, correct: NDArray[np.bool_], target: float) -> Confident:
    best, answer = -1.0, Confident(score=1.0, margin=1.0)
    for least_score in np.arange(0.0, 1.0, 0.02).round(2).tolist():
        for least_margin in np.arange(-1.0, 1.0, 0.05).round(2).tolist():
            kept = (score >= least_score) & (score - other >= least_margin)
            if kept.any() and correct[kept].mean() >= target and kept.mean() > best:
                best, answer = kept.mean(), Confident(score=least_score, margin=least_margin)
    return answer
