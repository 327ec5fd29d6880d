from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.examples import example, plain
from training import renewal

CORPUS = [example(id=f"en-b1-{number:03d}", text=f"Comment {number}.") for number in range(40)]


def test_what_was_added_or_labelled_otherwise_is_new() -> None:
    known = renewal.digests(CORPUS)
    corrected, added = replace(CORPUS[3], sentiment="positive"), plain(id="en-b0-001")
    assert renewal.unknown([*CORPUS[:3], corrected, *CORPUS[4:], added], known) == [corrected, added]
    assert renewal.unknown(CORPUS, known) == []


def test_new_comments_are_gone_over_beside_some_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "REMINDED", 10)
    known, second = renewal.digests(CORPUS[:38]), replace(CORPUS[0], sentiment="mixed")
    gone_over = renewal.examples(CORPUS, {second.id: second}, known)
    new, old = gone_over[: renewal.TIMES * 2], gone_over[renewal.TIMES * 2 :]
    assert new == CORPUS[38:] * renewal.TIMES
    assert len({one.id for one in old}) == len(old) == 10
    assert not {one.id for one in old} & {one.id for one in new}
    assert gone_over == renewal.examples(CORPUS, {second.id: second}, known), "the seed is fixed"
    everything = renewal.examples(CORPUS, {second.id: second}, known[:20])
    assert [one for one in everything if one.id == second.id] == [second], "known: its reader's labels"


def test_as_much_is_drawn_as_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "REMINDED", 2)
    gone_over = renewal.examples(CORPUS, {}, renewal.digests(CORPUS[:25]))
    assert len(gone_over) == renewal.TIMES * 15 + 15


def test_what_was_learnt_stays_beside_the_bundle(tmp_path: Path) -> None:
    assert not len(renewal.read(tmp_path)), "a bundle of before"
    known = renewal.united(renewal.digests(CORPUS[:5]), CORPUS[3:8])
    renewal.write(tmp_path, known)
    assert renewal.unknown(CORPUS, renewal.read(tmp_path)) == CORPUS[8:]
    assert renewal.read(tmp_path).dtype == np.uint32
    assert len(renewal.read(tmp_path)) == 8


def test_the_released_model_knows_most_of_its_corpus() -> None:
    known = renewal.read(Path("models/released/base"))
    assert len(known) > 200_000
