import math
from pathlib import Path

import numpy as np
import pytest

from models.stub import StubPredictor
from tests.unit.training.examples import example, plain
from training.confidence import Claims, claims, coverage
from training.evaluate import judge, pick
from triage.errors import InvalidInput
from triage.types import Confident, Thresholds

JUDGED = judge([example(), plain(), plain(text="...")], StubPredictor())


def test_judging_keeps_the_probabilities_behind_each_answer() -> None:
    asking, praise, wordless = JUDGED
    assert asking.prediction
    assert asking.prediction.request > 0.9
    assert asking.found.has_request
    assert praise.pair == (plain(), praise.found)
    assert wordless.prediction is None
    assert wordless.finding.language.code == "und"


def test_every_task_claims_what_it_answers() -> None:
    found = claims(JUDGED)
    assert found["request"].correct.tolist() == [True, False]  # the claim is "yes", with its probability
    assert found["request"].confidence.round(2).tolist() == [0.97, 0.03]
    assert len(found["language"].correct) == 3
    assert len(found["intent"].correct) == 1


def test_a_category_is_right_only_with_its_polarity() -> None:
    (judged,) = judge([example(aspects={"staff": "negative"})], StubPredictor())
    found = {aspect.category: aspect.polarity for aspect in judged.finding.aspects}
    assert found["staff"] == "positive"
    assert not claims([judged])["aspects"].correct.any()


def test_bins_run_from_the_least_confident_and_hold_all() -> None:
    confidence = np.linspace(0.0, 1.0, 100)
    bins = Claims(confidence=confidence, correct=confidence > 0.5).bins()
    assert len(bins) == 10
    assert bins == sorted(bins)
    assert (bins[0][1], bins[-1][1]) == (0.0, 1.0)


def test_no_claims_have_no_error() -> None:
    assert math.isnan(Claims(confidence=np.array([]), correct=np.array([], dtype=bool)).error)


def test_a_stricter_point_answers_less() -> None:
    points = {
        "0.8": Thresholds(),
        "0.99": Thresholds(confident={"request": Confident(score=0.999), "sentiment": Confident()}),
    }
    found = {(one.target, one.task): one for one in coverage(JUDGED, points)}
    assert found["0.8", "request"].share == 1.0
    assert found["0.8", "request"].precision == 1.0
    assert found["0.99", "request"].share == 0.0
    assert math.isnan(found["0.99", "request"].precision)
    assert found["0.99", "sentiment"].share == 1.0


def test_an_unknown_or_empty_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no split 'tst'"):
        pick(tmp_path, "tst")
