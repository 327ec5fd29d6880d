import json
from pathlib import Path

import pytest

from models import bundle as bundles
from models.bundle import Bundle
from tests.unit.training.examples import example
from training import release
from training.data import load_data
from training.dataset import Example, to_record
from training.recipe import Recipe
from triage.errors import ConfigurationError


def test_second_labels_count_for_what_still_stands_in_the_training_text(tmp_path: Path) -> None:
    split = {"train": ["b1"], "dev": ["b2"], "public": [], "test": [], "fresh": []}
    (tmp_path / "splits.json").write_text(json.dumps(split))
    comments = [example(id=f"en-b{batch}-001") for batch in (1, 2)]
    (tmp_path / "en.jsonl").write_text(_lines(*comments))
    assert load_data(tmp_path).reread == {}
    (tmp_path / "annotation" / "reread").mkdir(parents=True)
    gone = example(id="en-b1-002"), example(id="en-b3-001")
    (tmp_path / "annotation" / "reread" / "mixed.jsonl").write_text(_lines(*comments, *gone))
    assert [one.id for one in load_data(tmp_path).reread["mixed"]] == ["en-b1-001"]
    (tmp_path / "en.jsonl").write_text(_lines(*comments).replace("Kind", "Nice"))
    assert load_data(tmp_path).reread == {"mixed": []}


def _lines(*comments: Example) -> str:
    return "".join(json.dumps(to_record(comment)) + "\n" for comment in comments)


def test_a_bundle_of_another_encoder_cannot_be_gone_on_from(tmp_path: Path) -> None:
    bundles.write_facts(tmp_path, Bundle(name="theirs", encoder="their/encoder"))
    recipe = Recipe(name="new", corpus=tmp_path, start=tmp_path)
    with pytest.raises(ConfigurationError, match=r"another --output"):
        release.release(recipe, tmp_path, lambda *_: None)
    with pytest.raises(ConfigurationError, match=r"trained on their/encoder, TRIAGE_ENCODER is not set"):
        release.release(recipe, tmp_path / "new", lambda *_: None)
