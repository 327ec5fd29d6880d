import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import bundle as bundles
from models.bundle import Bundle, Calibration
from triage.errors import ConfigurationError
from triage.types import Confident, Thresholds

SURE = {"request": Confident(score=0.8, margin=0.4)}
BUNDLE = Bundle(
    name="tiny",
    encoder="some/encoder",
    layers=2,
    calibration=Calibration(
        temperatures={"intent": 1.5},
        biases={"aspects": (0.7, 0.0, 0.0, 0.0)},
        logistic={"request": (1.1, -0.2)},
    ),
    thresholds=Thresholds(request=0.4, confident=SURE),
    abstention={"0.9": SURE, "0.98": {"request": Confident(score=0.95)}},
    ranges={"layer.0.query": (-1.5, 2.0)},
    metrics={"request_f1": 0.95},
)
WEIGHTS = {"request.weight": np.ones((1, 4), dtype=np.float32)}


def test_a_bundle_comes_back_as_it_was_written(tmp_path: Path) -> None:
    bundles.write(tmp_path, BUNDLE, WEIGHTS)
    assert bundles.read(tmp_path) == BUNDLE
    np.testing.assert_array_equal(
        bundles.read_weights(tmp_path, BUNDLE)["request.weight"], WEIGHTS["request.weight"]
    )


def test_a_model_for_another_taxonomy_is_refused(tmp_path: Path) -> None:
    bundles.write_facts(tmp_path, replace(BUNDLE, taxonomy="0"))
    with pytest.raises(ConfigurationError, match=r"taxonomy 0.*train it again"):
        bundles.read(tmp_path)


def test_a_bundle_is_found_by_its_folder_and_a_missing_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no model"):
        bundles.find(str(tmp_path))
    bundles.write_facts(tmp_path, BUNDLE)
    assert bundles.find(str(tmp_path)) == tmp_path


def test_the_fingerprint_follows_what_the_runtime_file_is_built_from(tmp_path: Path) -> None:
    bundles.write(tmp_path, BUNDLE, WEIGHTS)
    before = bundles.fingerprint(tmp_path, BUNDLE)
    assert bundles.fingerprint(tmp_path, replace(BUNDLE, metrics={})) == before
    assert bundles.fingerprint(tmp_path, replace(BUNDLE, ranges={"layer.0.query": (-1.0, 2.0)})) != before
    bundles.write(tmp_path, BUNDLE, {"request.weight": 2 * WEIGHTS["request.weight"]})
    assert bundles.fingerprint(tmp_path, BUNDLE) != before


def test_the_facts_are_plain_json(tmp_path: Path) -> None:
    bundles.write_facts(tmp_path, BUNDLE)
    facts = json.loads((tmp_path / "bundle.json").read_text("utf-8"))
    assert facts["thresholds"]["confident"]["request"] == {"score": 0.8, "margin": 0.4}
