"""The model card, tables between markers, plots: what commands write."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.bundle import Bundle
from models.stub import StubPredictor
from tests.unit.training.examples import example, plain
from training import baselines, behaviour, confidence, corpus_docs, plots
from training.baselines import Baseline
from training.card import headline
from training.card_text import FLOORS, Report, render
from training.evaluate import judge
from training.markdown import figure, percent, put, table
from training.metrics import TASKS, bootstrap, by_language
from training.origins import Told
from training.outside import Sides
from training.served import Agreement
from training.thirdparty import SOURCES
from triage.errors import InvalidInput
from triage.types import Thresholds


def report() -> Report:
    examples = [
        maker(id=f"{code}-b5-{number}", lang=code)
        for code in ("en", "it")
        for number, maker in enumerate((example, plain) * 4)
    ]
    judged = judge(examples, StubPredictor())
    pairs = [one.pair for one in judged]
    return Report(
        bundle=Bundle(name="tiny", history=("from nothing", "from `tiny` over 7 comments")),
        split="test",
        sizes={"train": 100, "reread": 30, "dev": 20, "public": 9, "test": len(pairs), "fresh": 7},
        sources=SOURCES,
        pairs=pairs,
        scores=by_language(pairs),
        draws=bootstrap(pairs, rounds=10),
        fresh=by_language(pairs[:8]),
        baselines=[Baseline(name='"?" rule', tasks=("request_f1",), pairs=baselines.question_mark(examples))],
        claims=confidence.claims(judged),
        coverage=confidence.coverage(judged, {"0.95": Thresholds()}),
        outside={"films": Sides(texts=3, right={"en": 0.5, "it": 1.0})},
        origins={"nothing": Told(short=0.91, long=0.998, none=0.9)},
        flips=behaviour.measure(examples, StubPredictor()),
        agreement={"request": Agreement(greatest=0.01, percentile=0.005, same=1.0)},
        megabytes=21.9,
        notes="## Worst errors, read\n\nSarcasm.",
    )


REPORT = report()


def test_the_card_says_what_a_reader_must_know() -> None:
    card = render(REPORT)
    for said in (
        "intfloat/multilingual-e5-small (MIT)", "21.9 MB", "that no step of training",
        "## Figures", "## By language", "## Confusion of intents", "reliability.svg", "| 0.95 |",
        "| films | 3 | 0.750 | 0.500 en |", "## Behavioural tests", "## Served against trained",
        "## Worst errors, read", "## Limits", "| nothing | 0.910 | 0.998 | 0.900 |",
        "(30 of them with second readers' labels too)",
        "| run 1 | from nothing |", "| run 2 | from `tiny` over 7 comments", "| measured on: UCI",
    ):  # fmt: skip
        assert said in card
    assert not re.search(r"\bnan\b", card)


def test_every_figure_stands_beside_its_floor_and_the_baselines() -> None:
    figures = render(REPORT).split("## By language")[0]
    rows = {line.split("`")[1]: line for line in figures.splitlines() if line.startswith("| `")}
    assert set(rows) == set(TASKS)
    assert rows["request_f1"].count("1.000") >= 2  # the stub is as good as the rule here
    assert "0.95 (0.90) reached" in rows["request_f1"]
    assert all("reached" in rows[task] or "missed" in rows[task] for task in FLOORS)


def test_a_second_test_has_its_own_table_where_there_is_one() -> None:
    with_it = render(REPORT).split("## A second test")[1].split("\n## ")[0]
    assert "7 comments of the split `fresh`" in with_it
    assert with_it.count("| `") == len(TASKS)
    assert "## A second test" not in render(replace(REPORT, fresh={}))


def test_headline_figures_hold_mean_worst_calibration_and_flips() -> None:
    figures = headline(REPORT)
    assert figures["request_f1"] == figures["request_f1.worst"] == 1.0
    assert {"calibration.request", "outside.films", "flips.upper case", "fresh.request_f1"} <= figures.keys()
    assert not any(math.isnan(value) for value in figures.values())


def test_a_question_mark_is_all_that_the_rule_sees() -> None:
    hidden = example(text=example().text.replace("?", "."))
    found = [answer.has_request for _, answer in baselines.question_mark([example(), hidden, plain()])]
    assert found == [True, False, False]


@pytest.mark.parametrize(
    ("text", "code"),
    [("Où est passée ma commande, s'il vous plaît ?", "fr"), ("Kolis tuli rikki, kiitos vain.", "fi"),
     ("12345", "und"), ("¿Dónde está mi pedido?", "es"), ("Siparişim nerede kaldı, cevap veren yok", "und")],
)  # fmt: skip
def test_langdetect_answers_in_our_codes(text: str, code: str) -> None:
    ((_, found),) = baselines.langdetect([plain(text=text)])
    assert found.lang == code


def test_linear_baselines_learn_what_is_to_be_learnt() -> None:
    train = [example(id=f"en-b1-{n}") for n in range(20)] + [plain(id=f"en-b2-{n}") for n in range(20)]
    features = np.array([[1.0, 0.0]] * 20 + [[0.0, 1.0]] * 20, dtype=np.float32)
    asked = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    several = [*train[:18], *(example(id="x-b1-1", request="privacy", sentiment="neutral", lang="it"),) * 2]
    found = baselines._linear(
        "tiny", (features, asked), [*several, *train[20:]], [example(), plain()], lambda *_: None
    )
    (_, asking), (_, praise) = found.pairs
    assert (asking.has_request, asking.request, praise.has_request) == (True, "order_status", False)
    assert praise.request is None
    assert praise.aspects == {"store": "positive"}


def test_only_what_stands_between_the_markers_changes(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("before\n<!-- generated: a -->\nold\n<!-- end: a -->\nafter\n")
    for content in ("new", "newer"):
        put(document, "a", content)
        assert (
            document.read_text() == f"before\n<!-- generated: a -->\n\n{content}\n\n<!-- end: a -->\nafter\n"
        )
    with pytest.raises(InvalidInput, match="generated: b"):
        put(document, "b", "")


def test_tables_and_figures() -> None:
    assert table(["a", "b"], [["x", 1]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"
    assert (figure(0.12345), figure(math.nan), percent(0.0456), percent(math.nan)) == (
        "0.123",
        "–",
        "4.6 %",
        "–",
    )


def test_the_corpus_tables_fit_its_document(tmp_path: Path) -> None:
    (tmp_path / "corpus.md").write_bytes(Path("docs/corpus.md").read_bytes())
    (tmp_path / "c").mkdir()
    corpus_docs.write([example(), plain(id="en-b1-002")], tmp_path / "c", tmp_path)
    text = (tmp_path / "corpus.md").read_text("utf-8")
    assert "| en | 2 | 1 | 50.0 % | 0.0 % | 0 | 0.0 % | 1 |" in text
    assert "| order_status | 1 | 1 |" in text


def test_a_plot_is_the_same_bytes_again_and_no_photograph(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        plots.reliability(tmp_path / name, {"request": [(0.1, 0.2), (0.9, 0.8)], "intent": []})
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "one.svg").stat().st_size < 40_000
