import json
from dataclasses import replace
from pathlib import Path

import pytest

from models import bundle as bundles
from models.bundle import Bundle
from tests.unit.training.examples import Letters, example, tiny
from training import release, renewal
from training.data import Data, load_data
from training.dataset import Example, to_record
from training.recipe import ORDINARY, Recipe, one_cycle
from training.release import comments_of
from training.train import copied, learning
from triage.errors import ConfigurationError


def test_what_was_read_again_is_shown_with_its_second_labels_alone() -> None:
    train = [example(id=f"en-b1-00{number}") for number in range(3)]
    second = [replace(one, sentiment="negative") for one in train[:2]]
    reread = {"mixed": second[:1], "answers": second[1:]}
    data = Data(train=train, reread=reread, dev=[], public=[], test=[], fresh=[])
    assert comments_of(replace(ORDINARY, earlier=frozenset()), data, 1.0) == (train, [])
    cycle = replace(ORDINARY, reread="mixed", earlier=None)
    assert comments_of(cycle, data, 1.0) == (second[:1], [second[1], train[2]])


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


def test_what_is_new_moves_the_weights_by_what_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = [example(id=f"en-b1-{number:03d}") for number in range(40)]
    data = Data(train=train, reread={}, dev=[], public=[], test=[], fresh=[])
    renewal.write(tmp_path, renewal.digests(train[:30]))
    ends = {}
    for kept in (0.0, 0.75, 1.0):
        monkeypatch.setattr(renewal, "KEPT", kept)
        network = tiny()
        before = copied(network)
        recipe = Recipe(name="new", corpus=tmp_path, start=tmp_path)
        lessons = release.Lessons(recipe, network, Letters(), tmp_path / "new", lambda *_: None)  # type: ignore[arg-type]
        learnt = lessons.renew(data, tmp_path)
        ends[kept] = float(
            (learning(network)["heads.views.weight"] - before["heads.views.weight"]).abs().sum()
        )
    assert renewal.unknown(train, learnt) == []
    assert ends[0.0] > 0
    assert ends[0.75] == pytest.approx(ends[0.0] / 4, rel=1e-3)
    assert ends[1.0] == 0.0
    assert "Training on what is new 1.000" in (tmp_path / "new" / "training.log").read_text()


def test_a_bundle_of_another_encoder_cannot_be_gone_on_from(tmp_path: Path) -> None:
    bundles.write_facts(tmp_path, Bundle(name="theirs", encoder="their/encoder"))
    recipe = Recipe(name="new", corpus=tmp_path, start=tmp_path)
    with pytest.raises(ConfigurationError, match=r"another --output"):
        release.release(recipe, tmp_path, lambda *_: None)
    with pytest.raises(ConfigurationError, match=r"trained on their/encoder, TRIAGE_ENCODER is not set"):
        release.release(recipe, tmp_path / "new", lambda *_: None)


def test_a_model_made_anew_knows_the_share_that_it_was_shown(tmp_path: Path) -> None:
    train = [example(id=f"en-b1-{number:03d}", text=f"Comment {number}.") for number in range(40)]
    data = Data(train=train, reread={}, dev=[], public=[], test=[], fresh=[])
    recipe = Recipe(name="new", corpus=tmp_path, cycles=one_cycle(1), share=0.5)
    lessons = release.Lessons(recipe, tiny(), Letters(), tmp_path, lambda *_: None)  # type: ignore[arg-type]
    assert len(renewal.unknown(train, lessons.learn(data))) == 20
