from inspect import signature

from training.release import MAIN_PASS, Recipe
from triage.cli import model


def test_the_command_trains_by_the_recipe_unless_told_otherwise() -> None:
    """The command cannot take its defaults from the recipe: that imports torch."""
    options = {name: option.default for name, option in signature(model.train).parameters.items()}
    assert (options["layers"], options["epochs"]) == (Recipe.layers, MAIN_PASS.epochs)
