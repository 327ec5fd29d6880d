"""`triage events`: what happened to customers, from a file."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from triage.cli.context import err, opened, out
from triage.errors import NotFound
from triage.surveys.event import CustomerEvent
from triage.surveys.incoming import Mistake, read_csv
from triage.wiring import Services

app = typer.Typer(no_args_is_help=True, help="Events: what happened to customers.")
_AT_ONCE = 500


@app.callback()
def _group() -> None:
    """Keep `import` a subcommand: Typer would melt a single one into the group."""


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV in UTF-8 with a header; docs/surveys.md has the columns.")
    ],
    client: Annotated[str, typer.Option(help="Events are told apart by client and external_id.")] = "import",
) -> None:
    """Take in the events of a CSV file. Importing it again changes nothing.

    Lines with a mistake are named and left out; the command then ends with 1.
    """
    counts = {"created": 0, "repeated": 0, "conflict": 0, "wrong": 0}
    with opened() as services:
        rows = read_csv(file)
        while chunk := [*islice(rows, _AT_ONCE)]:
            for status, words in _import(services, client, file.name, chunk):
                counts[status] += 1
                if words:
                    err.print(words, highlight=False, soft_wrap=True)
    out.print(
        f"{counts['created']} new, {counts['repeated']} known, {counts['conflict'] + counts['wrong']} refused"
    )
    if counts["conflict"] or counts["wrong"]:
        raise typer.Exit(1)


def _import(
    services: Services, client: str, name: str, rows: list[CustomerEvent | Mistake]
) -> Iterator[tuple[str, str]]:
    """Yield for each row what became of it, with words where it was refused."""
    if services.surveys is None:
        raise NotFound("no surveys are sent from here: TRIAGE_SURVEYS_DIR is not set")
    for row in rows:
        if isinstance(row, Mistake):
            yield "wrong", f"{name}:{row.line}: {row.detail}"
    events = [row for row in rows if isinstance(row, CustomerEvent)]
    for receipt in services.surveys.events.accept_many(client, events):
        refused = f"{receipt.external_id}: known with other facts; nothing was changed"
        yield receipt.status, refused if receipt.status == "conflict" else ""
