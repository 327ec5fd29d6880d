import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.training.examples import example, plain
from training.agreement import agree, kappa, load
from training.corpus import check, composition, lengths, shortfalls
from training.data import REREAD
from training.dataset import Example, load_corpus, load_file, to_record
from training.duplicates import near
from training.recipe import CYCLES
from training.splits import read_splits
from triage.errors import InvalidInput

CORPUS = Path("fixtures/corpus")


def test_a_line_separator_inside_a_comment_ends_no_line(tmp_path: Path) -> None:
    record = to_record(plain()) | {"text": "Lovely shop.\u2028Thank you."}
    (tmp_path / "en.jsonl").write_text(json.dumps(record, ensure_ascii=False) + "\n", "utf-8")
    assert check(tmp_path).faults == []


def write(folder: Path, name: str, *examples: Example, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("".join(json.dumps(to_record(one) | changes) + "\n" for one in examples), "utf-8")
    return path


def test_the_corpus_keeps_its_rules() -> None:
    checked = check(CORPUS)
    assert checked.faults == []
    assert shortfalls(composition(checked.examples)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "en-17"}, "en.jsonl:1: id 'en-17' is not LANGUAGE-bBATCH-NUMBER"),
        ({"id": "it-b1-001"}, "en.jsonl:1: id it-b1-001 is in the file of en"),
        ({"lang": "it"}, "en.jsonl:1: lang it is in the file of en"),
        ({"sentiment": "cross"}, "en.jsonl:1: unknown sentiment 'cross'"),
    ],
)
def test_faults_are_named_with_their_line(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    write(tmp_path, "en.jsonl", example(), **changes)
    assert check(tmp_path).faults == [said]


def test_the_same_text_is_found_across_languages_whatever_its_dress(tmp_path: Path) -> None:
    write(tmp_path, "en.jsonl", example(), plain(id="en-b1-002", text="ok"))
    dressed = example(
        id="it-b1-001", lang="it", text=example().text.replace("Kind", "KIND").replace(".", "!")
    )
    write(tmp_path, "it.jsonl", dressed, plain(id="it-b1-002", lang="it", text="ok"))
    assert check(tmp_path).faults == ["it.jsonl:1: same text as en.jsonl:1"]


def test_ids_are_unique(tmp_path: Path) -> None:
    write(tmp_path, "en.jsonl", example(), plain())
    assert check(tmp_path).faults == ["en.jsonl:2: same id as en.jsonl:1"]


def test_what_a_language_lacks_is_said() -> None:
    short = shortfalls(composition([example(), plain(id="en-b1-002")]))
    assert "en: 2 comments of 400" in short
    assert "en: 0 requests privacy of 8" in short
    assert "en: 1 comments on staff of 20" in short
    assert "en: 0 % requests without a question mark, meant 45 to 100 %" in short
    assert "fi: no comments" in short


def test_a_request_without_the_category_it_asks_about_is_said() -> None:
    mute = example(id="en-b1-002", request="return_refund", aspects={"product": "negative"})
    told = example(request="return_refund", aspects={"product": "negative", "returns": "neutral"})
    said = "en: 1 requests return_refund name none of checkout, returns, warranty"
    assert said in shortfalls(composition([told, mute]))
    assert said not in shortfalls(composition([told] * 9 + [mute]))


def test_lengths_cover_everything() -> None:
    found = lengths([plain(text="word " * n) for n in (1, 3, 4, 16, 110, 111)])
    assert found == {"1": 1, "2-3": 1, "4-8": 1, "9-16": 1, "17-30": 0, "31-60": 0, "61-110": 1, "111+": 1}


def test_near_duplicates_are_pairs_above_the_threshold() -> None:
    comments = [example(id=f"{code}-b1-00{n}") for n, code in enumerate(("en", "en", "en", "it"))]
    vectors = np.array([[1.0, 0.0], [0.99, 0.141], [0.6, 0.8], [1.0, 0.0]], dtype=np.float32)
    found = near(comments, vectors, block=2)
    assert [(pair.first, pair.second, pair.across) for pair in found] == [
        ("en-b1-000", "it-b1-003", True),
        ("en-b1-000", "en-b1-001", False),
        ("en-b1-001", "it-b1-003", True),
    ]


@pytest.mark.slow
def test_no_two_comments_of_a_language_say_nearly_the_same() -> None:
    """One language's newest text and what is measured on; `triage corpus check --embeddings` reads all."""
    from training.duplicates import find

    split = read_splits(CORPUS)
    finnish = [e for e in check(CORPUS).examples if e.language == "fi"]
    measured = [e for e in finnish if split(e) != "train"]
    newest = [e for e in finnish if split(e) == "train"][-2500:]
    assert find([*measured, *newest]) == []


@pytest.mark.slow
def test_what_was_read_again_stands_in_the_corpus_as_it_was_read() -> None:
    texts = {example.id: example.text for example in load_corpus(CORPUS)}
    files = sorted((CORPUS / REREAD).glob("*.jsonl"))
    assert {file.stem for file in files} >= {cycle.reread for cycle in CYCLES if cycle.reread}
    reread = [example for file in files for example in load_file(file)]
    assert len({example.id for example in reread}) == len(reread)
    settled = load_file(CORPUS / "annotation" / "settled.jsonl")
    assert {example.id for example in settled} <= {example.id for example in reread}
    assert [example.id for example in [*reread, *settled] if texts.get(example.id) != example.text] == []


def test_agreement_compares_the_same_comments_only(tmp_path: Path) -> None:
    first = write(tmp_path / "one", "first.jsonl", example(), plain(id="en-b1-002"))
    second = write(tmp_path / "two", "second.jsonl", example(sentiment="negative"))
    found = agree(load(first, second))
    assert (found.comments, found.request, found.sentiment, found.categories) == (1, 1.0, 0.0, 1.0)
    with pytest.raises(InvalidInput, match="en-b1-003 is not the same comment"):
        load(first, write(tmp_path / "two", "other.jsonl", example(id="en-b1-003")))


def test_kappa_takes_chance_away() -> None:
    assert kappa([(True, True), (False, False)]) == 1.0
    assert kappa([(True, True), (True, False), (False, True), (False, False)]) == 0.0
    assert np.isnan(kappa([(True, True)]))
