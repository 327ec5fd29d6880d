from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from models.bundle import Bundle
from training.calibrate import TARGETS, Scored, fit, given, probabilities
from training.losses import IGNORE
from training.metrics import calibration_error
from triage.findings import abstained
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, SENTIMENTS
from triage.types import Confident, Prediction, Thresholds

COMMENTS = 600


def overconfident() -> Scored:
    """Logits twice as large as their errors allow, as a trained network's are."""
    rng = np.random.default_rng(4)

    def several(classes: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        honest = rng.normal(size=(*shape, classes)) * 3.0
        noise = -np.log(-np.log(rng.random(size=honest.shape)))
        return 2.0 * honest, (honest + noise).argmax(axis=-1)

    def binary() -> tuple[np.ndarray, np.ndarray]:
        honest = rng.normal(size=COMMENTS) * 2.0
        return 2.0 * honest + 1.0, (rng.random(COMMENTS) < 1 / (1 + np.exp(-honest))).astype(np.float64)

    found = {
        "aspects": several(4, (COMMENTS, len(CATEGORIES))),
        "sentiment": several(len(SENTIMENTS), (COMMENTS,)),
        "intent": several(len(INTENTS), (COMMENTS,)),
        "language": several(len(LANGUAGES) + 1, (COMMENTS,)),
        "request": binary(),
        "urgent": binary(),
    }
    found["intent"][1][::2] = IGNORE  # half of the comments ask nothing
    return Scored(logits={k: v[0] for k, v in found.items()}, truth={k: v[1] for k, v in found.items()})


DEV = overconfident()
FITTED = fit(Bundle(name="tiny"), DEV)


@pytest.mark.parametrize("task", ["sentiment", "intent", "aspects", "language"])
def test_overconfident_logits_are_cooled(task: str) -> None:
    assert 1.5 < FITTED.calibration.temperatures[task] < 2.7


def test_categories_that_are_claimed_too_often_are_believed_less() -> None:
    logits = dict(DEV.logits)
    logits["aspects"] = DEV.logits["aspects"] + np.array([-3.0, 0.0, 0.0, 0.0])
    eager = replace(DEV, logits=logits)
    shifted = fit(Bundle(name="tiny"), eager)
    assert shifted.calibration.biases["aspects"][0] > FITTED.calibration.biases["aspects"][0] + 0.5
    chances, truth = probabilities(eager, "aspects", shifted.calibration)
    claimed = chances[:, 0] < 0.5
    answer = chances[claimed, 1:]
    assert calibration_error(answer.max(axis=1), answer.argmax(axis=1) + 1 == truth[claimed]) < 0.02


def test_an_answer_that_is_given_too_often_is_given_less() -> None:
    logits = dict(DEV.logits)
    logits["sentiment"] = DEV.logits["sentiment"] + np.array([0.0, 3.0, 0.0, 0.0])
    eager = replace(DEV, logits=logits)
    chances, truth = probabilities(eager, "sentiment", fit(Bundle(name="tiny"), eager).calibration)
    assert (chances.argmax(axis=1) == 1).mean() == pytest.approx((truth == 1).mean(), abs=0.03)


@pytest.mark.parametrize("task", ["request", "urgent"])
def test_a_shifted_logit_is_put_right(task: str) -> None:
    chances, truth = probabilities(DEV, task, FITTED.calibration)
    raw = 1 / (1 + np.exp(-DEV.logits[task]))
    before = calibration_error(raw, DEV.truth[task] > 0)
    assert calibration_error(chances, truth > 0) < before / 2


def test_what_is_not_labelled_is_not_calibrated_on() -> None:
    chances, truth = probabilities(DEV, "intent", FITTED.calibration)
    assert len(chances) == len(truth) == COMMENTS // 2
    assert IGNORE not in truth


@pytest.mark.parametrize("task", ["request", "sentiment", "intent", "aspects"])
def test_a_stricter_target_answers_less_and_is_right_more_often(task: str) -> None:
    answers = probabilities(DEV, task, FITTED.calibration)
    score, other, correct = given(task, *answers, FITTED.thresholds)
    covered = []
    for target in TARGETS:
        needed = FITTED.abstention[target][task]
        kept = (score >= needed.score) & (score - other >= needed.margin)
        assert not kept.any() or correct[kept].mean() >= float(target)
        covered.append(kept.mean())
    assert covered == sorted(covered, reverse=True)
    assert covered[0] > 0.1


def test_the_default_operating_point_is_precision_95() -> None:
    assert FITTED.thresholds.confident == FITTED.abstention["0.95"]
    assert 0.2 <= FITTED.thresholds.request <= 0.8


def test_what_is_served_is_what_was_calibrated() -> None:
    """`triage.findings` judges one comment, `given` arrays of them: by the same rule."""
    labelled = replace(DEV, truth={task: np.zeros_like(truth) for task, truth in DEV.truth.items()})
    chances = {task: probabilities(labelled, task, FITTED.calibration)[0] for task in DEV.logits}
    chances["aspects"] = chances["aspects"].reshape(COMMENTS, len(CATEGORIES), -1)
    needed = Confident(score=0.5, margin=0.3)
    strict = replace(FITTED.thresholds, confident=dict.fromkeys(FITTED.thresholds.confident, needed))
    for at in range(60):
        one = {task: array[at] for task, array in chances.items()}
        served = Prediction(tokens=(), **{task: chance.tolist() for task, chance in one.items()})
        assert set(abstained(served, strict)) == set(_unsure(one, strict))


def _unsure(chances: dict[str, np.ndarray], thresholds: Thresholds) -> Iterator[str]:
    spoken = 1.0 - chances["aspects"][:, 0] >= thresholds.aspect
    names = {
        "aspects": [f"aspects.{name}" for name, told in zip(CATEGORIES, spoken, strict=True) if told],
        "intent": ["intent"] if chances["request"] >= thresholds.request else [],
    }
    for task, needed in thresholds.confident.items():
        rows = chances[task] if task == "aspects" else chances[task][np.newaxis]
        rows = rows[: 0 if names.get(task) == [] else None]
        score, other, _ = given(task, rows, np.zeros(len(rows)), thresholds)
        for name, best, second in zip(names.get(task, [task]), score, other, strict=True):
            if best < needed.score or best - second < needed.margin:
                yield name


def test_requests_are_taken_sooner_than_what_may_be_missed_as_well_as_made_up() -> None:
    assert FITTED.thresholds.request < FITTED.thresholds.urgent
