import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.bundle import Bundle
from tests.unit.training.examples import example, plain
from training.compare import Candidate, decide, judged, lines
from training.dataset import Example, to_record
from training.metrics import Pair
from triage.errors import InvalidInput

LANGUAGES = ("en", "it", "fi")


def pairs(wrong: dict[str, int]) -> list[Pair]:
    """20 comments a language; of the first `wrong[language]` the model finds nothing right."""
    found = []
    for code in LANGUAGES:
        for number in range(20):
            gold = example(id=f"{code}-b1-{number}", lang=code, urgent=number % 4 == 0)
            gold = gold if number % 2 else replace(plain(id=gold.id, lang=code), urgent=gold.urgent)
            found.append((gold, _poor(gold) if number < wrong.get(code, 0) else gold))
    return found


def _poor(gold: Example) -> Example:
    other = plain(id=gold.id, aspects={}, sentiment="neutral", lang=gold.lang)
    return other if gold.has_request else replace(example(id=gold.id, lang=gold.lang), urgent=False)


def candidate(name: str, wrong: dict[str, int], layers: int = 12, megabytes: float = 20.0) -> Candidate:
    return Candidate(
        name=name, bundle=Bundle(name=name, layers=layers), pairs=pairs(wrong), megabytes=megabytes
    )


EVERYWHERE = dict.fromkeys(LANGUAGES, 6)


def test_a_clear_improvement_is_shipped() -> None:
    verdict = decide(candidate("now", EVERYWHERE), candidate("next", {}), rounds=40)
    assert verdict.ship == "next"
    assert "better beyond chance" in verdict.reasons


def test_a_better_mean_does_not_pay_for_a_language_that_falls() -> None:
    first = candidate("now", {"en": 8, "it": 8, "fi": 2})
    second = candidate("next", {"fi": 11})
    assert second.scores["en"].request_f1 > first.scores["en"].request_f1
    verdict = decide(first, second, rounds=40)
    assert verdict.ship == "now"
    assert any("falls" in reason and "(fi)" in reason for reason in verdict.reasons)


def test_of_equals_the_present_one_stays_unless_the_other_is_smaller() -> None:
    now = candidate("now", EVERYWHERE)
    assert decide(now, candidate("next", EVERYWHERE), rounds=40).ship == "now"
    fewer_layers = decide(now, candidate("next", EVERYWHERE, layers=6), rounds=40)
    assert fewer_layers.ship == "next"
    assert "6 layers against 12" in fewer_layers.reasons[-1]
    assert decide(now, candidate("next", EVERYWHERE, megabytes=10.0), rounds=40).ship == "next"


def test_a_worse_model_is_not_shipped_however_small() -> None:
    verdict = decide(candidate("now", {}), candidate("next", EVERYWHERE, layers=3), rounds=40)
    assert verdict.ship == "now"


def test_lines_name_the_worst_language_of_each() -> None:
    (line,) = (
        one
        for one in lines(candidate("a", {"en": 5}), candidate("b", {"fi": 10}))
        if one.task == "sentiment_accuracy"
    )
    assert (line.worst[0][1], line.worst[1][1]) == ("en", "fi")
    assert line.means == (pytest.approx((0.75 + 2) / 3), pytest.approx((0.5 + 2) / 3))


def corpus(folder: Path, **splits: list[str]) -> Path:
    """A comment of each batch, and which split it is in."""
    records = [to_record(example(id=f"en-{batch}-001")) for batches in splits.values() for batch in batches]
    (folder / "en.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    (folder / "splits.json").write_text(json.dumps(splits), "utf-8")
    return folder


def test_public_text_is_judged_where_there_is_any(tmp_path: Path) -> None:
    splits = judged(corpus(tmp_path, train=["b1"], dev=["b2"], public=["b3"], test=["b4"], fresh=["b5"]))
    assert {name: [one.batch for one in part] for name, part in splits.items()} == {
        "dev": ["b2"],
        "public": ["b3"],
        "test": ["b4"],
    }
    assert judged(corpus(tmp_path, train=["b1"], dev=["b2"], test=["b4"]))["public"] == []


def test_a_corpus_without_test_comments_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="name batches for dev and test"):
        judged(corpus(tmp_path, train=["b1"], dev=["b2"], public=["b3"]))
