"""Commands that make models: train, evaluate, compare."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from triage.cli.context import Bars, explained, out, read_settings

if TYPE_CHECKING:
    from training.metrics import Pair

app = typer.Typer()

Corpus = Annotated[Path, typer.Option(help="Labelled comments: a folder of JSONL, or one file.")]


@app.command()
def train(
    corpus: Corpus = Path("fixtures/corpus"),
    output: Annotated[Path, typer.Option(help="Folder of the new bundle.")] = Path("training/runs/new"),
    third_party: Annotated[
        Path | None, typer.Option(help="Folder of openly licensed sets for a first pass (docs/retrain.md).")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the corpus.")] = 9,
    layers: Annotated[int, typer.Option(min=1, max=12, help="Encoder layers to keep.")] = 12,
    share: Annotated[float, typer.Option(min=0.01, max=1.0, help="Share of the training split.")] = 1.0,
) -> None:
    """Train a model on a corpus, and write a bundle with its model card."""
    with explained():
        # Imported here: torch takes seconds, and no other command needs it.
        from dataclasses import replace

        from training import card
        from training.release import MAIN_PASS, Recipe, release

        recipe = Recipe(
            name=output.name,
            corpus=corpus,
            third_party=third_party,
            encoder=read_settings().encoder,
            layers=layers,
            main_pass=replace(MAIN_PASS, epochs=epochs),
            share=share,
        )
        bars = Bars()
        release(recipe, output, bars)
        card.write(output, recipe, bars)
        out.print(
            f"Wrote {output}. Serve it with TRIAGE_MODEL={output}; its figures are in {output}/README.md."
        )


@app.command()
def evaluate(
    corpus: Corpus = Path("fixtures/corpus"),
    split: Annotated[str, typer.Option(help="train, dev, test, or all.")] = "test",
    predictions: Annotated[Path | None, typer.Option(help="Write predicted records as JSONL here.")] = None,
) -> None:
    """Measure a model (TRIAGE_MODEL) on labelled comments, overall and by language."""
    with explained():
        from training.dataset import to_record
        from training.evaluate import evaluate as run
        from training.evaluate import pick
        from triage.wiring import load_predictor

        bars = Bars()
        predictor = load_predictor(read_settings(), bars)
        pairs = run(pick(corpus, split), predictor, lambda share: bars("Evaluating", share))
        if predictions:
            lines = (json.dumps(to_record(found), ensure_ascii=False) for _, found in pairs)
            predictions.write_text("\n".join(lines) + "\n", "utf-8")
        out.print(_table(pairs))


def _table(pairs: list["Pair"]) -> Table:
    from training.metrics import TASKS, by_language, score

    table = Table("language", *TASKS, title=f"{len(pairs)} comments")
    rows = {"all": score(pairs), **by_language(pairs)}
    for name, scores in rows.items():
        table.add_row(name, *(f"{getattr(scores, task):.3f}" for task in TASKS))
    return table
