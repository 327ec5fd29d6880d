"""The learning curve: does more of the corpus still help?"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from training import plots
from training.card import open_predictor
from training.data import load_data
from training.evaluate import evaluate
from training.markdown import figure, table
from training.metrics import Scores, average, by_language
from training.recipe import Cycle, Recipe, one_cycle
from training.release import release
from training.train import Step

SHARES: Final = (0.25, 0.5, 1.0)
SHOWN: Final = {
    "request_f1": "request, F1",
    "category_f1": "categories, F1",
    "aspect_f1": "categories with polarity, F1",
    "sentiment_accuracy": "sentiment, accuracy",
}

Point = tuple[float, dict[str, Scores]]
"""Share of the training split, and the figures on dev by language."""


def run(recipe: Recipe, folder: Path, step: Step) -> list[Point]:
    """Trains once for each share, from the pretrained encoder, into `folder`.

    Stopped and started again, it goes on with the share it was at.
    """
    return [(share, _point(replace(recipe, share=share), folder, step)) for share in SHARES]


def _point(recipe: Recipe, folder: Path, step: Step) -> dict[str, Scores]:
    percent = round(100 * recipe.share)
    home = folder / f"curve-{percent}"
    finished = home / "finished"
    # What is trained already counts only where it was trained the same way, on as much text.
    facts = (
        f"{recipe.layers} layers, {_passes(recipe)} passes, {len(load_data(recipe.corpus).train)} comments\n"
    )
    recipe = replace(recipe, name=home.name, cycles=_more(recipe))
    if not finished.exists() or finished.read_text("utf-8") != facts:
        release(recipe, home, lambda what, share: step(f"{percent} %: {what}", share))
        finished.write_text(facts, "utf-8")
    predictor = open_predictor(home)
    dev = load_data(recipe.corpus).dev
    return by_language(evaluate(dev, predictor, lambda share: step(f"{percent} %: dev", share)))


def _more(recipe: Recipe) -> tuple[Cycle]:
    """More passes over less text: equal passes starve the small shares, equal steps wear them out."""
    return one_cycle(round(_passes(recipe) / math.sqrt(recipe.share)))


def _passes(recipe: Recipe) -> int:
    return sum(cycle.schedule.epochs for cycle in recipe.cycles)


def write(recipe: Recipe, points: Sequence[Point], docs: Path) -> None:
    """Writes `learning-curve.svg` and `learning-curve.md` into `docs`."""
    shares = [100 * share for share, _ in points]
    series = {name: [average(scores, task) for _, scores in points] for task, name in SHOWN.items()}
    plots.lines(
        docs / "learning-curve.svg", shares, series, ("% of the training split", "dev, mean over languages")
    )
    rows = [
        [f"{round(share)} %", *(figure(values[at]) for values in series.values())]
        for at, share in enumerate(shares)
    ]
    rows.append(["last doubling", *(f"{values[-1] - values[-2]:+.3f}" for values in series.values())])
    text = _DOCUMENT.format(
        comments=len(load_data(recipe.corpus).train),
        layers=recipe.layers,
        passes=_passes(recipe),
        table=table(["share", *series], rows),
    )
    (docs / "learning-curve.md").write_text(text, "utf-8")


_DOCUMENT: Final = """# Learning curve

Written by `triage curve`: one model for each share of {comments:,} training comments, each from the
first {layers} layers of the pretrained encoder, {passes} passes over all of it and more over less (passes
grow with the root of what is missing), measured on dev; means over languages. Small models, trained
briefly: read the slope, not the height.

{table}
![the same as lines](learning-curve.svg)
"""
