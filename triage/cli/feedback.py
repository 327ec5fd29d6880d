"""`triage feedback`: what agents corrected, as training data."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from triage.cli.context import err, opened
from triage.tickets.feedback import export as records

app = typer.Typer(no_args_is_help=True, help="Corrections by agents.")


@app.callback()
def _group() -> None:
    """Keep `export` a subcommand: Typer would melt a single one into the group."""


@app.command()
def export(
    output: Annotated[Path | None, typer.Option(help="File to write; the screen by default.")] = None,
) -> None:
    """Write every corrected comment as a line of the corpus (JSONL), ready for `triage train`.

    The lines hold what customers wrote: keep them where such words may be kept.
    """
    with opened() as services, services.database.read() as session:
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records(session)]
    if output:
        output.write_text("".join(lines), encoding="utf-8")
    else:
        sys.stdout.writelines(lines)
    err.print(f"{len(lines)} corrected comments")
