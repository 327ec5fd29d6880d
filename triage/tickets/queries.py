"""Reading tickets: one, or a list by filters, newest first, page by page."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from triage.errors import InvalidInput, NotFound
from triage.labels import CATEGORIES
from triage.records import to_finding
from triage.tables import AspectRow, DeliveryRow, FindingRow, ResponseRow, TicketRow, id_at
from triage.types import Finding

_CATEGORY_ORDER: dict[str, int] = {category: place for place, category in enumerate(CATEGORIES)}
"""In which the pipeline gives them, so that a repeated request gets the same answer to the letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketFilter:
    """What tickets to list; None leaves a property open, and all that are given must hold."""

    status: str | None = None
    delivery: str | None = None
    """`failed` also finds tickets of which an event could not be delivered."""
    queue: str | None = None
    system: str | None = None
    category: str | None = None
    intent: str | None = None
    language: str | None = None
    country: str | None = None
    since: datetime | None = None
    """Opened at this moment or later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketView:
    """A ticket with the response it was opened for."""

    ticket: TicketRow
    response: ResponseRow
    finding: Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some of a list; `next_cursor` fetches what follows and is None at the end."""

    items: list[TicketView]
    next_cursor: str | None


def get_ticket(session: Session, ticket_id: str) -> TicketView:
    """Return one ticket. Raises `NotFound`."""
    ticket = session.get(TicketRow, ticket_id)
    if ticket is None:
        raise NotFound(f"there is no ticket {ticket_id!r}")
    return _views(session, [ticket])[0]


def ticket_url(public_url: str, key: str) -> str:
    """Return the address of a ticket's page, for the agent who works on its case.

    The ticket's key is 122 random bits that only the ticket, its case and this address hold.
    """
    return f"{public_url}/t/{key}"


def ticket_of_key(session: Session, key: str) -> TicketView | None:
    """Return the ticket that a page's address names."""
    ticket = session.exec(select(TicketRow).where(TicketRow.key == key)).first()
    return _views(session, [ticket])[0] if ticket else None


def list_tickets(session: Session, wanted: TicketFilter, *, limit: int, cursor: str | None = None) -> Page:
    """Return up to `limit` tickets, newest first, after the one where `cursor` stands.

    A ticket opened while a client pages never shifts the pages that follow. Raises
    `InvalidInput` for a cursor that no page gave.
    """
    query = _filtered(wanted).order_by(col(TicketRow.id).desc()).limit(limit + 1)
    if cursor is not None:
        if not re.fullmatch("[0-9a-f]{32}", cursor):
            raise InvalidInput("cursor: give the next_cursor of the page before, unchanged")
        query = query.where(TicketRow.id < cursor)
    tickets = session.exec(query).all()
    page = tickets[:limit]
    return Page(items=_views(session, page), next_cursor=page[-1].id if len(tickets) > limit else None)


def _filtered(wanted: TicketFilter) -> SelectOfScalar[TicketRow]:
    query = select(TicketRow)
    if wanted.delivery == "failed":
        # An event that failed waits for a person too, although its ticket's case is where it should be.
        failed = select(DeliveryRow.ticket_id).where(col(DeliveryRow.state) == "failed")
        query = query.where(or_(col(TicketRow.delivery) == "failed", col(TicketRow.id).in_(failed)))
    elif wanted.delivery is not None:
        query = query.where(TicketRow.delivery == wanted.delivery)
    for name in ("status", "queue", "system", "intent", "language", "country"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(getattr(TicketRow, name) == value)
    if wanted.category is not None:
        query = query.join(AspectRow, col(AspectRow.response_id) == TicketRow.response_id)
        query = query.where(AspectRow.category == wanted.category)
    if wanted.since is not None:
        query = query.where(TicketRow.id >= id_at(wanted.since))
    return query


def _views(session: Session, tickets: Sequence[TicketRow]) -> list[TicketView]:
    """Fetch what belongs to `tickets` in three statements, however many they are."""
    ids = [ticket.response_id for ticket in tickets]
    if not ids:
        return []
    responses = {row.id: row for row in session.exec(select(ResponseRow).where(col(ResponseRow.id).in_(ids)))}
    findings = findings_of(session, ids)
    return [
        TicketView(ticket=t, response=responses[t.response_id], finding=findings[t.response_id])
        for t in tickets
    ]


def findings_of(session: Session, response_ids: Sequence[str]) -> dict[str, Finding]:
    """Return the findings of `response_ids` by id; a response still to be analysed has none."""
    aspects: dict[str, list[AspectRow]] = defaultdict(list)
    stored = session.exec(select(AspectRow).where(col(AspectRow.response_id).in_(response_ids)))
    for row in sorted(stored, key=lambda row: _CATEGORY_ORDER[row.category]):
        aspects[row.response_id].append(row)
    rows = session.exec(select(FindingRow).where(col(FindingRow.response_id).in_(response_ids)))
    return {row.response_id: to_finding(row, aspects[row.response_id]) for row in rows}
