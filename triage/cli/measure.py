"""Commands that measure models: evaluate, behaviour, compare."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from triage.cli.context import Bars, explained, out, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from training.behaviour import Flips
    from training.evaluate import Judged
    from training.metrics import Pair, Scores

app = typer.Typer()

Corpus = Annotated[Path, typer.Option(help="Labelled comments: a folder of JSONL, or one file.")]
Split = Annotated[str, typer.Option(help="train, dev, public, test, fresh (a second test), or all.")]


@app.command()
def evaluate(
    corpus: Corpus = Path("fixtures/corpus"),
    split: Split = "test",
    predictions: Annotated[Path | None, typer.Option(help="Write predicted records as JSONL here.")] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Train and measure simpler methods too; minutes.")
    ] = False,
) -> None:
    """Measure a model (TRIAGE_MODEL): figures by language, calibration, coverage against precision."""
    with explained():
        # Imported here, as in every command below: no other command should wait for scientific libraries.
        from training.dataset import to_record
        from training.evaluate import judge, pick
        from triage.wiring import load_predictor

        settings, bars = read_settings(), Bars()
        examples = pick(corpus, split)
        if predictions:
            predictions.parent.mkdir(parents=True, exist_ok=True)
        judged = judge(examples, load_predictor(settings, bars), lambda share: bars("Evaluating", share))
        pairs = [one.pair for one in judged]
        if predictions:
            lines = (json.dumps(to_record(found), ensure_ascii=False) for _, found in pairs)
            predictions.write_text("\n".join(lines) + "\n", "utf-8")
        out.print(_figures(pairs))
        for table in _confidence(judged, settings.model):
            out.print(table)
        if baselines:
            from training import baselines as simpler

            for one in simpler.run(pick(corpus, "train"), examples, settings.encoder, bars):
                out.print(_figures(one.pairs, one.tasks, one.name))


def _figures(pairs: "Sequence[Pair]", tasks: "Sequence[str]" = (), name: str = "") -> Table:
    """All comments, the mean over languages, the worst, and every language."""
    from training.metrics import TASKS, average, by_language, score, worst

    tasks = tasks or TASKS
    heads = (task.replace("_", "\n") for task in tasks)
    table = Table("language", *heads, title=f"{name or 'model'}: {len(pairs)} comments")
    scores = by_language(pairs)
    table.add_row("all", *_cells(score(pairs), tasks))
    table.add_row("mean", *(_or_dash(average(scores, task), ".3f") for task in tasks))
    lowest = (worst(scores, task) for task in tasks)
    table.add_row("worst", *(f"{value:.3f} {code}" for value, code in lowest), end_section=True)
    for code, one in scores.items():
        table.add_row(code, *_cells(one, tasks))
    return table


def _cells(scores: "Scores", tasks: "Iterable[str]") -> list[str]:
    return [_or_dash(getattr(scores, task), ".3f") for task in tasks]


def _or_dash(value: float, form: str) -> str:
    """A figure, or a dash where there was nothing to count."""
    return "-" if math.isnan(value) else format(value, form)


def _confidence(judged: "Sequence[Judged]", model: str) -> "Iterable[Table]":
    from models import bundle
    from training import confidence
    from training.card import points
    from triage.settings import STUB_MODEL

    errors = Table("task", "claims", "expected calibration error")
    for task, found in confidence.claims(judged).items():
        errors.add_row(task, str(len(found.correct)), _or_dash(found.error, ".3f"))
    yield errors
    if model != STUB_MODEL:
        covered = Table("target precision", "task", "answered", "of those right")
        for one in confidence.coverage(judged, points(bundle.read(bundle.find(model)))):
            last = one.task == confidence.ABSTAINING[-1]
            covered.add_row(
                one.target,
                one.task,
                _or_dash(one.share, ".1%"),
                _or_dash(one.precision, ".3f"),
                end_section=last,
            )
        yield covered


@app.command()
def behaviour(
    corpus: Corpus = Path("fixtures/corpus"),
    split: Split = "dev",
    sample: Annotated[int, typer.Option(min=1, help="Comments of each language.")] = 40,
    surveys: Annotated[Path, typer.Option(help="Surveys whose questions are asked.")] = Path(
        "fixtures/surveys"
    ),
) -> None:
    """How often the model (TRIAGE_MODEL) changes its answer where nothing that matters has changed."""
    with explained():
        from training.behaviour import measure, total
        from training.behaviour import sample as draw
        from training.evaluate import pick
        from training.questions import Questions
        from triage.wiring import load_predictor

        bars = Bars()
        predictor = load_predictor(read_settings(), bars)
        examples = draw(pick(corpus, split), sample)
        questions = Questions(surveys, held_out=True)
        flips = measure(examples, predictor, lambda share: bars("Behavioural tests", share), questions)
        table = Table("variation", "comments", "request", "sentiment", "aspects", "language", "all")
        for name, found in flips.items():
            rates = total(found).rates.values()
            table.add_row(name, str(total(found).comments), *(_or_dash(rate, ".1%") for rate in rates))
        out.print(table)
        out.print(_by_language(flips))


def _by_language(flips: "Mapping[str, Mapping[str, Flips]]") -> Table:
    codes = sorted({code for found in flips.values() for code in found})
    table = Table("% of all answers", *codes)
    for name, found in flips.items():
        rates = {code: 100 * one.rates["all"] for code, one in found.items()}
        table.add_row(name, *(f"{rates[code]:.1f}" if code in rates else "-" for code in codes))
    return table


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="What is shipped now: a released model or a bundle's folder.")],
    second: Annotated[str, typer.Argument(help="What may replace it.")],
    corpus: Corpus = Path("fixtures/corpus"),
) -> None:
    """Measure two models on dev, public and test together, and say which to ship and why."""
    with explained():
        from training.compare import candidate, decide, judged, lines

        bars, splits = Bars(), judged(corpus)
        examples = [example for part in splits.values() for example in part]
        both = candidate(first, examples, bars), candidate(second, examples, bars)
        out.print("Comments:", ", ".join(f"{len(part)} of {name}" for name, part in splits.items()))
        names = [one.name for one in both]
        table = Table("task", *names, "difference", *(f"worst, {name}" for name in names), "difference")
        for line in lines(*both):
            (low, low_code), (other, other_code) = line.worst
            table.add_row(
                line.task,
                *(f"{mean:.3f}" for mean in line.means),
                f"{line.means[1] - line.means[0]:+.3f}",
                f"{low:.3f} {low_code}",
                f"{other:.3f} {other_code}",
                f"{other - low:+.3f}",
            )
        out.print(table)
        verdict = decide(*both)
        out.print(f"Ship {verdict.ship}: {'; '.join(verdict.reasons)}")
