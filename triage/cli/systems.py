"""`triage systems`: the ticket systems, whether they are set up, and how they are doing."""

import typer
from rich.table import Table
from rich.text import Text
from sqlmodel import func, select

from triage.cli.context import opened, out, read_settings
from triage.jobs import systems_of
from triage.tables import DeliveryRow, SystemRow

app = typer.Typer(no_args_is_help=True, help="Ticket systems: check, status.")


@app.command()
def check() -> None:
    """Sign in to each configured system and look for what it must have. Creates nothing there.

    Ends with 1 where something is missing, after saying how to add it.
    """
    systems = systems_of(read_settings())
    if not systems:
        out.print("No ticket system is configured: every ticket stays in the inbox.")
    table = Table("System", "What", "", "Found", "What to do")
    all_well = True
    for name, system in systems.items():
        for item in system.check():
            all_well = all_well and item.ok
            mark = Text("yes", "green") if item.ok else Text("no", "red")
            table.add_row(name, item.name, mark, item.detail, item.remedy)
        system.close()
    if systems:
        out.print(table)
    if not all_well:
        raise typer.Exit(1)


@app.command()
def status() -> None:
    """Show for each system what waits, what failed, and why it is parked."""
    table = Table("Queue", "Pending", "Parked", "Failed", "Delivered", "Parked until (UTC)", "Why")
    counting = select(DeliveryRow.system, DeliveryRow.state, func.count()).group_by(
        DeliveryRow.system, DeliveryRow.state
    )
    with opened() as services, services.database.read() as session:
        counts = {(system, state): n for system, state, n in session.exec(counting)}
        for row in session.exec(select(SystemRow).order_by(SystemRow.system)):
            is_parked = row.parked_until and row.parked_until > services.clock.now()
            until = f"{row.parked_until:%Y-%m-%d %H:%M:%S}" if is_parked else ""
            shown = {s: counts.get((row.system, s), 0) for s in ("pending", "parked", "failed", "delivered")}
            # Comments whose case is not there yet: nothing runs for them, but they are not there either.
            shown["pending"] += counts.get((row.system, "waiting"), 0)
            numbers = [str(number) for number in shown.values()]
            table.add_row(row.system, *numbers, until, row.reason if is_parked else "")
    out.print(table)
