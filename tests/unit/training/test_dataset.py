import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.training.examples import example
from training.dataset import faults, from_record, load_corpus, load_file, to_record
from triage.errors import InvalidInput


def record(**changes: Any) -> dict[str, Any]:
    return to_record(example()) | changes


def test_a_record_survives_the_way_there_and_back() -> None:
    assert from_record(record()) == example()
    assert record()["request_text"] == "where is my sofa?"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "  "}, "empty text"),
        ({"text": 7}, "empty text"),
        ({"lang": "xx"}, "unknown language 'xx'"),
        ({"aspects": {"weather": "positive"}}, "unknown aspect 'weather'"),
        ({"aspects": {"staff": "nice"}}, "unknown aspect 'staff': 'nice'"),
        ({"sentiment": "angry"}, "unknown sentiment 'angry'"),
        ({"urgent": 1}, "urgent is neither"),
        ({"request": None}, "request_text without request"),
        ({"request": "help"}, "unknown request 'help'"),
        ({"request_text": "when is it?"}, "request_text is no part of text"),
        ({"request_text": None}, "request_text is no part of text"),
        ({"request_text": 7}, "request_text is no part of text"),
        ({"aspects": []}, "aspects no object"),
        ({"id": 7}, "id is no text"),
    ],
)
def test_every_rule_names_its_fault(changes: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in faults(record(**changes)))


def test_a_sound_record_has_no_fault_and_a_broken_one_says_what_is_missing() -> None:
    assert faults(record()) == []
    assert faults([]) == ["not an object"]
    assert faults({"id": "en-1"})[0].startswith("missing aspects")


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "en.jsonl"
    path.write_text(json.dumps(record()) + "\n\n{broken\n")
    with pytest.raises(InvalidInput, match=r"en\.jsonl:3: not JSON"):
        load_file(path)


def test_a_folder_is_read_whole_and_an_empty_one_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="name a folder"):
        load_corpus(tmp_path)
    for code in ("en", "it"):
        (tmp_path / f"{code}.jsonl").write_text(json.dumps(record(id=f"{code}-b1-001")) + "\n")
    (tmp_path / "annotation").mkdir()
    (tmp_path / "annotation" / "second.jsonl").write_text(json.dumps(record()) + "\n")
    assert [found.language for found in load_corpus(tmp_path)] == ["en", "it"]


@pytest.mark.parametrize(
    ("code", "text", "marked"),
    [("en", "When?", True), ("en", "fine; thanks", False), ("el", "Πότε;", True), ("el", "Πότε\u037e", True),
     ("it", "quando arriva", False)],
)  # fmt: skip
def test_a_semicolon_asks_in_greek_only(code: str, text: str, marked: bool) -> None:
    assert example(id=f"{code}-b1-001", text=text).has_question_mark is marked


def test_a_comment_may_hold_any_line_separator(tmp_path: Path) -> None:
    text = "One\u2028two\x85three\x0bfour"
    lines = json.dumps(record(text=text, request=None, request_text=None), ensure_ascii=False) + "\n"
    (tmp_path / "it.jsonl").write_text(lines, "utf-8")
    assert [one.text for one in load_file(tmp_path / "it.jsonl")] == [text]
