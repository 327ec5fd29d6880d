"""One case per problem: who writes again about the same order joins the ticket that is open."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from triage.delivery.record import follow_up, order_number
from triage.ports import DeliveryJobs
from triage.records import to_response
from triage.tables import ResponseRow, TicketCommentRow, TicketRow, id_at
from triage.tickets.lifecycle import add_comment
from triage.tickets.queries import findings_of
from triage.types import SurveyResponse

SAME_PROBLEM: Final = timedelta(days=7)
CUSTOMER: Final = "customer"
"""The author of a comment that is a second response."""
_PRIORITIES: Final = ("low", "normal", "high", "urgent")


def problem_of(response: SurveyResponse) -> str | None:
    """What is equal for two responses about one problem; None where customer or order is unknown."""
    customer = response.customer.id or (response.customer.email or "").strip().lower()
    order = order_number(response.attributes)
    if not customer or not order:
        return None
    return hashlib.sha256(f"{customer}\n{order.strip().lower()}".encode()).hexdigest()[:32]


def known_problems(session: Session, tickets: Sequence[TicketRow], now: datetime) -> dict[str, TicketRow]:
    """The open ticket of each problem that `tickets` are about, where there is one.

    Holds the problems until the transaction ends, so that two responses which arrive
    at the same moment on two replicas open one ticket.
    """
    problems = sorted({ticket.problem for ticket in tickets if ticket.problem})
    if not problems:
        return {}
    _hold(session, problems)
    query = select(TicketRow).where(
        col(TicketRow.problem).in_(problems),
        TicketRow.status != "resolved",
        TicketRow.id >= id_at(now - SAME_PROBLEM),
    )
    # Locked: a ticket that an agent resolves at this moment must not be joined, for nobody would read it.
    query = query.order_by(col(TicketRow.id)).with_for_update()
    return {str(ticket.problem): ticket for ticket in session.exec(query)}


def join(
    session: Session, ticket: TicketRow, newcomer: TicketRow, jobs: DeliveryJobs | None, now: datetime
) -> None:
    """Add the response of `newcomer`, which is not stored, to `ticket`; the more urgent of both counts."""
    response = session.get_one(ResponseRow, newcomer.response_id)
    finding = findings_of(session, [response.id]).get(response.id)
    # Each one that is urgent, even where the ticket is: the remote case keeps its first priority.
    urgent = newcomer.priority == "urgent"
    words = follow_up(response=to_response(response), finding=finding, link="", urgent=urgent)
    if _PRIORITIES.index(newcomer.priority) > _PRIORITIES.index(ticket.priority):
        ticket.priority = newcomer.priority
    ticket.due_at = min(ticket.due_at, newcomer.due_at)
    ticket.updated_at = now
    session.add(ticket)
    add_comment(session, ticket, CUSTOMER, words, jobs, now, response_id=response.id)


def joined_tickets(session: Session, response_ids: Iterable[str]) -> dict[str, TicketRow]:
    """The tickets that responses joined instead of opening their own, by the response's id."""
    query = (
        select(TicketCommentRow.response_id, TicketRow)
        .join(TicketRow, col(TicketRow.id) == TicketCommentRow.ticket_id)
        .where(col(TicketCommentRow.response_id).in_([*response_ids]))
    )
    return {str(response_id): ticket for response_id, ticket in session.exec(query)}


def _hold(session: Session, problems: Sequence[str]) -> None:
    # SQLite has one writer at a time. In a fixed order, so that no two transactions wait for each other.
    if session.get_bind().dialect.name == "postgresql":
        for problem in problems:
            number = int(problem[:15], 16)
            session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
