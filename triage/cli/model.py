"""Commands that make models."""

import typer

app = typer.Typer()
