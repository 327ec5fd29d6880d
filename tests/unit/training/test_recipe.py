from inspect import signature
from itertools import pairwise

from training.recipe import CYCLES, Recipe, one_cycle
from triage.cli import model


def test_the_command_trains_by_the_recipe_unless_told_otherwise() -> None:
    """The command cannot take its defaults from the recipe: that imports torch."""
    options = {name: option.default for name, option in signature(model.train).parameters.items()}
    assert (options["layers"], options["epochs"]) == (Recipe.layers, None)


def test_text_joins_cycle_by_cycle_until_all_of_it_is_there() -> None:
    parts = [cycle.batches for cycle in CYCLES[:-1]]
    assert all(one and two and one < two for one, two in pairwise(parts))
    assert CYCLES[-1].batches is None


def test_one_cycle_goes_over_everything() -> None:
    (cycle,) = one_cycle(3)
    assert (cycle.schedule.epochs, cycle.batches) == (3, None)
