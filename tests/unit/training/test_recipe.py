from dataclasses import replace
from inspect import signature
from itertools import pairwise

from tests.unit.training.examples import example, plain
from training.recipe import CYCLES, ORDINARY, applicable, drawn, one_cycle, rehearsable
from triage.cli import model


def test_the_command_trains_by_the_recipe_unless_told_otherwise() -> None:
    """The command cannot take its defaults from the recipe: every command would wait for training's parts."""
    options = {name: option.default for name, option in signature(model.train).parameters.items()}
    assert (options["start"], options["layers"], options["epochs"]) == (None, None, None)


def test_text_joins_cycle_by_cycle() -> None:
    parts = [cycle.batches for cycle in CYCLES[:12]]
    assert all(one and two and one < two for one, two in pairwise(parts))
    assert CYCLES[12].batches
    assert CYCLES[14].batches
    assert CYCLES[12].batches < CYCLES[14].batches
    assert not ORDINARY.without & CYCLES[14].batches, "the same kind of text once more"


def test_no_cycle_rehearses_what_it_trains_on_or_what_no_cycle_had_before() -> None:
    seen: set[str] = set()
    for cycle in CYCLES:
        if cycle.earlier is not None:
            assert cycle.earlier.isdisjoint(cycle.batches or ())
            assert cycle.earlier <= seen
        assert (cycle.earlier != frozenset()) == bool(cycle.schedule.rehearsed)
        seen |= cycle.batches or set()


def test_what_is_rehearsed_is_earlier_text() -> None:
    split = [example(id=f"en-b{batch}-1") for batch in (0, 1, 50, 70, 74, 76, 78)]
    later_too = ["b0", "b1", "b50", "b74", "b76", "b78"]
    first, newest, verdicts, reviews, again, public, answers, *reread, intents = (
        cycle for cycle in CYCLES if cycle.schedule.rehearsed
    )
    assert [one.batch for one in rehearsable(split, first, 1.0)] == ["b1"]
    assert [one.batch for one in drawn(split, first, 1.0)] == ["b50"]
    assert [one.batch for one in rehearsable(split, newest, 1.0)] == later_too
    assert [one.batch for one in drawn(split, newest, 1.0)] == ["b70"]
    assert [one.batch for one in drawn(split, verdicts, 1.0)] == ["b74"]
    for cycle in (reviews, again):
        assert [one.batch for one in rehearsable(split, cycle, 1.0)] == ["b0", "b1", "b50", "b70", "b78"]
        assert [one.batch for one in drawn(split, cycle, 1.0)] == ["b74", "b76"]
    assert [one.batch for one in drawn(split, public, 1.0)] == ["b78"]
    assert [one.batch for one in rehearsable(split, public, 1.0)] == ["b0", "b1", "b50", "b70", "b74", "b76"]
    assert [one.batch for one in drawn(split, answers, 1.0)] == ["b70"]
    assert [cycle.reread for cycle in reread] == ["mixed", "answers", "early"]
    for cycle in reread:
        rest = rehearsable(split, cycle, 1.0, split[:3])
        assert [one.batch for one in rest] == ["b70", "b74", "b76", "b78"]
    assert [one.batch for one in drawn(split, intents, 1.0)] == ["b74", "b76", "b78"]
    assert [one.batch for one in rehearsable(split, intents, 1.0)] == ["b0", "b1", "b50", "b70"]


def test_intents_are_learnt_from_requests_alone() -> None:
    asking, plainly = example(id="en-b78-1"), plain(id="en-b78-2")
    *_, intents = CYCLES
    assert drawn([asking, plainly], intents, 1.0) == [asking]
    assert rehearsable([asking, plainly], replace(intents, batches=frozenset({"b1"})), 1.0) == [asking]


def test_no_comment_is_rehearsed_in_a_cycle_that_goes_over_it() -> None:
    split = [example(id=f"en-b1-{number}") for number in range(3)]
    cycle = replace(ORDINARY, without=frozenset())
    for earlier in (None, frozenset({"b1"})):
        assert rehearsable(split, replace(cycle, earlier=earlier), 1.0, split[:1]) == split[1:]


def test_the_ordinary_cycle_takes_whatever_is_new_and_leaves_only_what_was_learnt_before() -> None:
    assert ORDINARY.batches is None
    before = frozenset[str]().union(*(cycle.batches or () for cycle in CYCLES[: CYCLES.index(ORDINARY)]))
    assert ORDINARY.without < before


def test_one_cycle_goes_over_everything() -> None:
    (cycle,) = one_cycle(3)
    assert (cycle.schedule.epochs, cycle.batches, cycle.without) == (3, None, frozenset())
    assert cycle.schedule.beside == ORDINARY.schedule.beside


def test_a_corpus_skips_the_cycles_whose_batches_it_lacks() -> None:
    theirs = [example(id=f"en-b0-{n}") for n in range(4)]
    assert applicable(CYCLES, theirs, {}) == (ORDINARY,)
    assert applicable(CYCLES, [example(id="en-b20-1")], {}) == tuple(
        cycle
        for cycle in CYCLES[3:]
        if not cycle.reread and (cycle.batches is None or "b20" in cycle.batches)
    )


def test_cycles_over_what_was_read_again_need_all_such_comments() -> None:
    comments = [example(id="en-b20-1")]
    cycles = tuple(replace(ORDINARY, reread=name, mean=mean) for mean, name in enumerate(("one", "two"), 1))
    assert applicable(cycles, comments, {}) == ()
    assert applicable(cycles, comments, {"one": [], "two": comments}) == ()
    assert applicable(cycles, comments, {"one": comments, "two": comments}) == cycles
    assert applicable([ORDINARY, *cycles], comments, {"two": comments}) == (ORDINARY,)


def test_a_share_is_drawn_over_all_and_again_the_same() -> None:
    split = [example(id=f"{code}-b1-{n}") for code in ("de", "en") for n in range(20)]
    half = drawn(split, CYCLES[0], 0.5)
    assert len(half) == 20
    assert {one.language for one in half} == {"de", "en"}
    assert half == drawn(split, CYCLES[0], 0.5)
    assert drawn(split, CYCLES[0], 1.0) == split
