"""Commands that make models: train, curve."""

from pathlib import Path
from typing import Annotated

import typer

from triage.cli.context import Bars, explained, out, read_settings
from triage.errors import ConfigurationError

app = typer.Typer()

Corpus = Annotated[Path, typer.Option(help="Labelled comments: a folder of JSONL, or one file.")]


@app.command()
def train(
    corpus: Corpus = Path("fixtures/corpus"),
    output: Annotated[Path, typer.Option(help="Folder of the new bundle.")] = Path("training/runs/new"),
    third_party: Annotated[
        Path | None, typer.Option(help="Folder of openly licensed sets to learn from too (docs/retrain.md).")
    ] = None,
    surveys: Annotated[
        Path | None,
        typer.Option(help="Folder of surveys: the model learns to read their questions (docs/retrain.md)."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(help="Released model or bundle to teach what is new; else one is made anew, for hours."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Passes over all of the corpus, anew; else the recipe's cycles."),
    ] = None,
    layers: Annotated[
        int | None, typer.Option(min=1, max=12, help="Encoder layers to keep, anew; else 8.")
    ] = None,
    share: Annotated[float, typer.Option(min=0.01, max=1.0, help="Share of the training split.")] = 1.0,
) -> None:
    """Teach a released model what is new in a corpus, or train one anew; writes a bundle with its card."""
    with explained():
        # Imported here: torch takes seconds, and no other command needs it.
        from models.bundle import find
        from training import card
        from training.recipe import CYCLES, Recipe, one_cycle
        from training.release import release

        if start and (epochs or layers or share < 1.0):
            raise ConfigurationError(
                "--epochs, --layers and --share are for a model made anew: leave out --start or these"
            )
        recipe = Recipe(
            name=output.name,
            corpus=corpus,
            third_party=third_party,
            surveys=surveys,
            encoder=read_settings().encoder,
            start=find(start) if start else None,
            layers=layers or Recipe.layers,
            cycles=one_cycle(epochs) if epochs else CYCLES,
            share=share,
        )
        bars = Bars()
        release(recipe, output, bars)
        card.write(output, recipe, bars)
        out.print(f"Wrote {output}, its figures in its README.md. Serve it with TRIAGE_MODEL={output}.")


@app.command()
def curve(
    corpus: Corpus = Path("fixtures/corpus"),
    runs: Annotated[Path, typer.Option(help="Where the bundles are trained.")] = Path("training/runs"),
    docs: Annotated[Path, typer.Option(help="Where the plot and the table go.")] = Path("docs"),
    epochs: Annotated[int, typer.Option(min=1, help="Passes over all of it; more over less.")] = 2,
    layers: Annotated[int, typer.Option(min=1, max=12, help="Encoder layers to keep.")] = 4,
) -> None:
    """Train on 25, 50 and 100 % of the corpus, and plot what each reaches on dev.

    With the defaults a quarter of an hour on two cores; with the full model it is two hours.
    """
    with explained():
        from training import curve as learning
        from training.recipe import Recipe, one_cycle

        recipe = Recipe(
            name="curve",
            corpus=corpus,
            encoder=read_settings().encoder,
            layers=layers,
            cycles=one_cycle(epochs),
        )
        learning.write(recipe, learning.run(recipe, runs, Bars()), docs)
        out.print(f"Wrote {docs}/learning-curve.md and {docs}/learning-curve.svg")
