"""`triage tickets`: what people must act on."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Column, Table

from triage.cli.context import opened, out
from triage.cli.demo import categories_text, marked
from triage.tickets.history import DeliveryHistory, delivery_history
from triage.tickets.queries import TicketFilter, TicketView, get_ticket, list_tickets
from triage.wiring import Services

_PAGE = 200
"""Tickets sent again in one transaction: on SQLite nobody else can write meanwhile."""

app = typer.Typer(no_args_is_help=True, help="Tickets.")


@app.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help="open, in_progress or resolved.")] = None,
    queue: Annotated[str | None, typer.Option(help="As in the routing rules: <area>-<queue>.")] = None,
    delivery: Annotated[str | None, typer.Option(help="pending, delivered, parked or failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """List the newest tickets."""
    table = Table(
        Column("Id", no_wrap=True),
        "Status",
        "Delivery",
        "Queue",
        "System",
        "Priority",
        "Due (UTC)",
        "Subject",
    )
    wanted = TicketFilter(status=status, queue=queue, delivery=delivery)
    with opened() as services, services.database.read() as session:
        for view in list_tickets(session, wanted, limit=limit).items:
            t = view.ticket
            due = f"{t.due_at:%Y-%m-%d %H:%M}"
            table.add_row(t.id, t.status, t.delivery, t.queue, t.system, t.priority, due, t.subject)
    out.print(table)


@app.command()
def show(ticket_id: str) -> None:
    """Show one ticket with its comment, the reasons for its routing, and every attempt to deliver it."""
    with opened() as services, services.database.read() as session:
        view = get_ticket(session, ticket_id)
        history = delivery_history(session, ticket_id)
    out.print(_details(view))
    if history:
        out.print(_attempts(history))


@app.command()
def retry(
    ticket_id: Annotated[str | None, typer.Argument(help="One ticket; else say --failed.")] = None,
    failed: Annotated[bool, typer.Option(help="Every ticket that could not be delivered.")] = False,
) -> None:
    """Send again what could not be delivered, or what fell back to the inbox. A running server sends it."""
    if (ticket_id is None) == (not failed):
        raise typer.BadParameter("name one ticket, or say --failed")
    with opened() as services:
        pages = [[ticket_id]] if ticket_id else _failed(services)
        results = [_retry(services, ids, spare_resolved=failed) for ids in pages]
    out.print(f"{sum(count for count, _ in results)} deliveries under way again")
    if spared := sum(count for _, count in results):
        out.print(f"{spared} resolved tickets got no case; name one to send it all the same")


def _failed(services: Services) -> Iterator[list[str]]:
    """The ids of every ticket that could not be delivered, page by page."""
    cursor: str | None = None
    while True:
        with services.database.read() as session:
            page = list_tickets(session, TicketFilter(delivery="failed"), limit=_PAGE, cursor=cursor)
        yield [view.ticket.id for view in page.items]
        if (cursor := page.next_cursor) is None:
            return


def _retry(services: Services, ids: Sequence[str], *, spare_resolved: bool) -> tuple[int, int]:
    """Send tickets again in one transaction; return how many deliveries that makes, and who was spared."""
    with services.database.write() as session:
        # In the order in which all others hold tickets, so that no two wait for each other.
        tickets = [get_ticket(session, one).ticket for one in sorted(ids)]
        if services.delivery is None:
            return 0, 0
        outbox = services.delivery.outbox
        count = sum(outbox.retry(session, t.id, spare_resolved=spare_resolved) for t in tickets)
        spared = (t.status == "resolved" and t.delivery == "failed" for t in tickets)
        return count, sum(spared) if spare_resolved else 0


def _attempts(history: list[DeliveryHistory]) -> Table:
    table = Table("Sent", "To", "State", "No.", "At (UTC)", "ms", "Outcome", "HTTP", "Answer")
    for item in history:
        what = item.delivery.event["type"] if item.delivery.event else item.delivery.kind
        for a in item.attempts:
            status = str(a.status or "")
            cells = (str(a.number), f"{a.at:%Y-%m-%d %H:%M:%S}", str(a.milliseconds), a.outcome, status)
            table.add_row(what, item.delivery.system, item.delivery.state, *cells, a.answer[:200])
        if not item.attempts:
            table.add_row(what, item.delivery.system, item.delivery.state)
    return table


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
