"""`triage responses`: what is stored but not yet analysed."""

import typer

from triage.cli.context import opened, out

app = typer.Typer(no_args_is_help=True, help="Stored survey responses.")


@app.callback()
def _group() -> None:
    """Keep `analyse` a subcommand: Typer would melt a single one into the group."""


@app.command()
def analyse() -> None:
    """Analyse now what could not be analysed when it came in. A running server does so by itself."""
    with opened() as services:
        services.model.load()
        done = services.intake.analyse_all_pending()
        left = services.intake.count_pending()
    out.print(f"{done} analysed, {left} still pending")
    if left:
        raise typer.Exit(1)
