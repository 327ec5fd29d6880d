import json
from dataclasses import replace
from pathlib import Path

from tests.unit.training.examples import example
from training.dataset import Example, to_record
from training.recipe import ORDINARY
from training.release import Data, comments_of, load_data


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
    cycles = [replace(ORDINARY, reread="mixed")]
    assert load_data(tmp_path, cycles).reread == {}
    (tmp_path / "annotation" / "reread").mkdir(parents=True)
    gone = example(id="en-b1-002"), example(id="en-b3-001")
    (tmp_path / "annotation" / "reread" / "mixed.jsonl").write_text(_lines(*comments, *gone))
    assert [one.id for one in load_data(tmp_path, cycles).reread["mixed"]] == ["en-b1-001"]
    assert load_data(tmp_path).reread == {}, "no cycle names them"
    (tmp_path / "en.jsonl").write_text(_lines(*comments).replace("Kind", "Nice"))
    assert load_data(tmp_path, cycles).reread == {"mixed": []}


def _lines(*comments: Example) -> str:
    return "".join(json.dumps(to_record(comment)) + "\n" for comment in comments)
