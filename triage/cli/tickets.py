"""`triage tickets`: what people must act on."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from triage.cli.context import opened, out
from triage.cli.demo import categories_text, marked
from triage.tickets.queries import TicketFilter, TicketView, get_ticket, list_tickets

app = typer.Typer(no_args_is_help=True, help="Tickets.")


@app.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help="open, in_progress or resolved.")] = None,
    queue: Annotated[str | None, typer.Option(help="As in the routing rules: <area>-<queue>.")] = None,
    delivery: Annotated[str | None, typer.Option(help="pending, delivered, parked or failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """List the newest tickets."""
    table = Table("Id", "Status", "Delivery", "Queue", "System", "Priority", "Due (UTC)", "Subject")
    wanted = TicketFilter(status=status, queue=queue, delivery=delivery)
    with opened() as services, services.database.read() as session:
        for view in list_tickets(session, wanted, limit=limit).items:
            t = view.ticket
            due = f"{t.due_at:%Y-%m-%d %H:%M}"
            table.add_row(t.id, t.status, t.delivery, t.queue, t.system, t.priority, due, t.subject)
    out.print(table)


@app.command()
def show(ticket_id: str) -> None:
    """Show one ticket with its comment and the reasons for its routing."""
    with opened() as services, services.database.read() as session:
        view = get_ticket(session, ticket_id)
    out.print(_details(view))


def _details(view: TicketView) -> Table:
    table = Table(show_header=False)
    table.add_row("comment", marked(view.response.comment, _span(view)))
    table.add_row("categories", categories_text({a.category: a.polarity for a in view.finding.aspects}))
    table.add_row("sentiment", view.finding.sentiment)
    for name, value in asdict(view.finding.request).items() if view.finding.request else ():
        table.add_row(f"request {name}", str(value))
    for name, value in view.ticket.model_dump(exclude={"reasons"}).items():
        if value is not None:
            table.add_row(name, str(value))
    table.add_row("reasons", "\n".join(view.ticket.reasons))
    return table


def _span(view: TicketView) -> list[int] | None:
    request = view.finding.request
    return [request.start, request.end] if request else None
