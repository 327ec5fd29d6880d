import json
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.training.examples import example
from training.splits import by_hash, portion, read_splits
from triage.errors import InvalidInput


def test_whole_batches_go_where_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "splits.json").write_text(
        json.dumps({"train": ["b1", "b2"], "test": ["b5"], "fresh": ["b6"]})
    )
    split = read_splits(tmp_path)
    assert [split(example(id=f"it-{batch}-001")) for batch in ("b1", "b2", "b5", "b6")] == [
        "train",
        "train",
        "test",
        "fresh",
    ]
    with pytest.raises(InvalidInput, match="batch b9 of it-b9-001 is in no split"):
        split(example(id="it-b9-001"))


def test_a_split_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "splits.json").write_text(json.dumps({"train": ["b1"], "tset": ["b5"]}))
    with pytest.raises(InvalidInput, match="no split tset: choose train, dev, public, test, fresh"):
        read_splits(tmp_path)


def test_without_a_file_a_fifth_tests_and_a_tenth_tunes(tmp_path: Path) -> None:
    split = read_splits(tmp_path)
    assert split is by_hash
    counts = Counter(split(example(id=f"en-{number}")) for number in range(3000))
    assert 500 < counts["test"] < 700
    assert 240 < counts["dev"] < 360


def test_a_portion_takes_of_every_language_and_grows() -> None:
    every = [example(id=f"{code}-b1-{number:03}") for code in ("en", "it", "ru") for number in range(400)]
    quarter, half = portion(every, 0.25), portion(every, 0.5)
    assert {one.id for one in quarter} < {one.id for one in half}
    assert all(60 < count < 140 for count in Counter(one.language for one in quarter).values())
    assert portion(every, 1.0) == every


def test_the_corpus_is_split_whole() -> None:
    batches: dict[str, list[str]] = json.loads(Path("fixtures/corpus/splits.json").read_text("utf-8"))
    named = [batch for part in batches.values() for batch in part]
    assert len(named) == len(set(named)), "a batch is in two splits"
