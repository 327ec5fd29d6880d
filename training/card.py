"""Measures a new bundle on comments it never saw, and writes its model card.

Reads top to bottom: everything that is measured, then where it goes. How it reads on
the page is `card_text`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from models import bundle as bundles
from models.bundle import Bundle
from models.predictor import BatchingPredictor, load_predictor, operating_point
from training import baselines, behaviour, confidence, origins, outside, plots, served, thirdparty
from training.card_text import Report, render
from training.data import load_data
from training.evaluate import evaluate, judge
from training.metrics import TASKS, average, bootstrap, by_language, worst
from training.questions import Questions
from training.recipe import Recipe
from training.splits import SPLITS
from training.train import Step
from triage.types import Thresholds

SAMPLE: Final = 40
"""Comments a language that the behavioural tests vary: ten variations of each take their time."""
NOTES: Final = "notes.md"
"""What a person found reading the model's errors; the card takes it in as it is."""


def write(folder: Path, recipe: Recipe, step: Step) -> None:
    """Measures the bundle in `folder` and writes `README.md`, `reliability.svg` and its headline figures.

    Takes minutes: it trains the baselines too. Raises InvalidInput where there is nothing to measure on.
    """
    report = measure(folder, recipe, step)
    plots.reliability(
        folder / "reliability.svg", {task: found.bins() for task, found in report.claims.items()}
    )
    (folder / "README.md").write_text(render(report), "utf-8")
    bundles.write_facts(folder, replace(report.bundle, metrics=headline(report)))


def measure(folder: Path, recipe: Recipe, step: Step) -> Report:
    """Everything that the card says of the bundle in `folder`."""
    bundle, data = bundles.read(folder), load_data(recipe.corpus)
    split, examples = ("test", data.test) if data.test else ("dev", data.dev)
    predictor = open_predictor(folder)
    judged = judge(examples, predictor, lambda share: step(f"Judging {split}", share))
    pairs = [one.pair for one in judged]
    varied = behaviour.sample(examples, SAMPLE)
    notes = folder / NOTES
    return Report(
        bundle=bundle,
        split=split,
        sizes={name: len(getattr(data, name)) for name in SPLITS} | {"reread": len(data.second)},
        sources=thirdparty.present(recipe.third_party) if recipe.third_party else [],
        pairs=pairs,
        scores=by_language(pairs),
        draws=bootstrap(pairs),
        fresh=by_language(evaluate(data.fresh, predictor, lambda share: step("Judging fresh", share))),
        baselines=baselines.run(data.train, examples, recipe.encoder, step),
        claims=confidence.claims(judged),
        coverage=confidence.coverage(judged, points(bundle)),
        outside=outside.measure(
            thirdparty.unseen(recipe.third_party, recipe.first_pass.seed) if recipe.third_party else {},
            predictor,
            lambda name, share: step(f"Judging {name}", share),
        ),
        origins=origins.measure(judged),
        flips=behaviour.measure(
            varied,
            predictor,
            lambda share: step("Behavioural tests", share),
            Questions(recipe.surveys, held_out=True) if recipe.surveys else None,
        ),
        agreement={} if bundle.encoder else served.agreement(folder, examples),
        megabytes=megabytes(folder),
        notes=notes.read_text("utf-8") if notes.exists() else "",
    )


def open_predictor(folder: Path) -> BatchingPredictor:
    """As it is served: 8-bit integers, or torch where the encoder is not the packaged one."""
    bundle = bundles.read(folder)
    return load_predictor(
        model=str(folder),
        cache_dir=folder / "runtime",
        backend="torch" if bundle.encoder else "onnx",
        encoder=bundle.encoder,
    )


def points(bundle: Bundle) -> dict[str, Thresholds]:
    """Target precision -> the thresholds that serve it."""
    return {target: operating_point(bundle, float(target)) for target in bundle.abstention}


def megabytes(folder: Path) -> float:
    """Size of the weights, which is what a release adds to the repository."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors")) / 1e6


def headline(report: Report) -> dict[str, float]:
    """Figures by name: `TASK`, `fresh.TASK`, means over languages, `TASK.worst`, `outside.SET`, and so on."""
    figures = {task: average(report.scores, task) for task in TASKS}
    figures |= {f"{task}.worst": worst(report.scores, task)[0] for task in TASKS}
    if report.fresh:
        figures |= {f"fresh.{task}": average(report.fresh, task) for task in TASKS}
    figures |= {f"outside.{name}": sides.mean for name, sides in report.outside.items()}
    figures |= {f"calibration.{task}": found.error for task, found in report.claims.items()}
    figures |= {f"flips.{name}": behaviour.total(flips).rates["all"] for name, flips in report.flips.items()}
    return {name: round(value, 4) for name, value in figures.items() if value == value}  # no nan in JSON
