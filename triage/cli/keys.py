"""`triage keys`: who may call the API."""

from typing import Annotated

import typer
from rich.table import Column, Table

from triage.cli.context import err, opened, out
from triage.keys import SCOPES

app = typer.Typer(no_args_is_help=True, help="API keys: create, list, grant, revoke.")


@app.command()
def create(
    client: Annotated[str, typer.Argument(help="Who will use it, such as the survey platform's name.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; repeat for several.")] = [*SCOPES],  # noqa: B006
) -> None:
    """Create a key and print it. It cannot be shown again."""
    with opened() as services:
        row, secret = services.keys.create(client, scope)
    err.print(f"Key {row.id} for {row.client}; it is shown only now:")
    print(secret)


@app.command("list")
def list_keys() -> None:
    """List the keys, without their secrets."""
    table = Table(Column("Id", no_wrap=True), "Client", "Begins with", "Scopes", "Created", "Revoked")
    with opened() as services:
        for row in services.keys.list_keys():
            revoked = f"{row.revoked_at:%Y-%m-%d %H:%M}" if row.revoked_at else ""
            created = f"{row.created_at:%Y-%m-%d %H:%M}"
            table.add_row(row.id, row.client, row.hint, " ".join(row.scopes), created, revoked)
    out.print(table)


@app.command()
def grant(
    key_id: Annotated[str, typer.Argument(help="The id that `triage keys list` shows.")],
    scope: Annotated[list[str], typer.Option(help="What it may do too; repeat for several.")],
) -> None:
    """Let a key do more, such as what came with a new version; running servers know within two seconds."""
    with opened() as services:
        row = services.keys.grant(key_id, scope)
    out.print(f"Key {row.id} of {row.client} may {' '.join(row.scopes)}.")


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The id that `triage keys list` shows.")]) -> None:
    """Revoke a key; running servers refuse it within two seconds."""
    with opened() as services:
        row = services.keys.revoke(key_id)
    out.print(f"Key {row.id} of {row.client} is revoked.")
