from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.network import TriageNetwork
from tests.unit.training.examples import Letters, example, tiny
from training import lessons, renewal, unfinished
from training.data import Data
from training.dataset import Example
from training.lessons import Lessons, comments_of
from training.recipe import ORDINARY, Cycle, Recipe, one_cycle
from training.train import copied, learning
from training.unfinished import Unfinished
from triage.errors import ConfigurationError

_CYCLE = replace(ORDINARY.schedule, batch=8)
_CYCLES = (
    Cycle(schedule=replace(_CYCLE, seed=1)),
    Cycle(schedule=replace(_CYCLE, seed=2), mean=2),
    Cycle(schedule=replace(_CYCLE, seed=3)),
    Cycle(schedule=replace(_CYCLE, seed=4), mean=2, kept=0.5),
)


def _data(train: list[Example]) -> Data:
    return Data(train=train, reread={}, dev=[], public=[], test=[], fresh=[])


def _comments(number: int) -> list[Example]:
    return [example(id=f"en-b1-{n:03d}", text=f"Comment {n}: where is my sofa?") for n in range(number)]


def _lessons(recipe: Recipe, network: TriageNetwork, folder: Path) -> Lessons:
    return Lessons(recipe, network, Letters(), folder, lambda *_: None)  # type: ignore[arg-type]


def test_what_was_read_again_is_shown_with_its_second_labels_alone() -> None:
    train = [example(id=f"en-b1-00{number}") for number in range(3)]
    second = [replace(one, sentiment="negative") for one in train[:2]]
    reread = {"mixed": second[:1], "answers": second[1:]}
    data = Data(train=train, reread=reread, dev=[], public=[], test=[], fresh=[])
    assert comments_of(replace(ORDINARY, earlier=frozenset()), data, 1.0) == (train, [])
    cycle = replace(ORDINARY, reread="mixed", earlier=None)
    assert comments_of(cycle, data, 1.0) == (second[:1], [second[1], train[2]])


def test_what_is_new_moves_the_weights_by_what_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = [example(id=f"en-b1-{number:03d}") for number in range(40)]
    renewal.write(tmp_path, renewal.digests(train[:30]))
    ends = {}
    for kept in (0.0, 0.75, 1.0):
        monkeypatch.setattr(renewal, "KEPT", kept)
        network = tiny()
        before = copied(network)
        recipe = Recipe(name="new", corpus=tmp_path, start=tmp_path)
        learnt = _lessons(recipe, network, tmp_path / "new").renew(_data(train), tmp_path)
        ends[kept] = float(
            (learning(network)["heads.views.weight"] - before["heads.views.weight"]).abs().sum()
        )
    assert renewal.unknown(train, learnt) == []
    assert ends[0.0] > 0
    assert ends[0.75] == pytest.approx(ends[0.0] / 4, rel=1e-3)
    assert ends[1.0] == 0.0
    assert "Training on what is new 1.000" in (tmp_path / "new" / "training.log").read_text()


def test_a_model_made_anew_knows_the_share_that_it_was_shown(tmp_path: Path) -> None:
    train = _comments(40)
    recipe = Recipe(name="new", corpus=tmp_path, cycles=one_cycle(1), share=0.5)
    run = Unfinished(tmp_path, recipe, _data(train))
    learnt = _lessons(recipe, tiny(), tmp_path).learn(_data(train), run)
    assert len(renewal.unknown(train, learnt)) == 20


def test_a_run_that_was_stopped_ends_in_the_weights_it_would_have_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, data = Recipe(name="new", corpus=tmp_path, cycles=_CYCLES), _data(_comments(24))
    ended, _ = _learn(recipe, data, tmp_path / "whole")
    for stop in range(len(_CYCLES)):
        folder = tmp_path / f"stopped{stop}"
        with monkeypatch.context() as patch:
            patch.setattr(lessons, "train", _stopping_after(stop))
            with pytest.raises(KeyboardInterrupt):
                _learn(recipe, data, folder)
        again, log = _learn(recipe, data, folder)
        assert all(tensor.equal(again[name]) for name, tensor in ended.items())
        assert [line.split(" of ")[0] for line in log if " 1.000 " in line] == [
            f"Training, cycle {number}" for number in (1, 2, 3, 4)
        ]


def _learn(recipe: Recipe, data: Data, folder: Path) -> tuple[unfinished.Weights, list[str]]:
    network = tiny()
    _lessons(recipe, network, folder).learn(data, Unfinished(folder, recipe, data))
    return copied(network), (folder / "training.log").read_text().splitlines()


def _stopping_after(cycles: int) -> Callable[..., None]:
    train, left = lessons.train, [None] * cycles

    def stopping(*arguments: object) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        train(*arguments)  # type: ignore[arg-type]

    return stopping


def test_what_another_run_left_is_neither_taken_nor_lost(tmp_path: Path) -> None:
    recipe, data = Recipe(name="new", corpus=tmp_path, cycles=_CYCLES[:1]), _data(_comments(8))
    _learn(recipe, data, tmp_path)
    kept = (tmp_path / unfinished.FILE).read_bytes()
    for other, text in (
        (replace(recipe, cycles=_CYCLES), data),
        (replace(recipe, layers=4), data),
        (recipe, _data(_comments(9))),
        (recipe, replace(data, reread={"mixed": data.train[:1]})),
    ):
        with pytest.raises(ConfigurationError, match="remove it to begin anew here, or"):
            Unfinished(tmp_path, other, text)
    assert (tmp_path / unfinished.FILE).read_bytes() == kept
    found = Unfinished(tmp_path, replace(recipe, name="moved", corpus=Path("elsewhere")), data).read()
    assert found
    assert found.cycles == 1
