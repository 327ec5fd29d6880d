"""Opening tickets: the row and, where another system must hear of it, the delivery job."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import insert
from sqlmodel import Session

from triage.ports import DeliveryJobs
from triage.tables import TicketRow, metadata
from triage.tickets.problem import join, known_problems, problem_of
from triage.types import Decision, Finding, SurveyResponse

_TICKET = metadata.tables["ticket"]
INBOX: Final = "inbox"
"""The system that is this service itself."""


def new_ticket(
    response_id: str, response: SurveyResponse, finding: Finding, decision: Decision, now: datetime
) -> TicketRow:
    """Return the ticket that `decision` asks for, not yet stored.

    One for the inbox has arrived as soon as it is stored.
    """
    is_here = decision.system == INBOX
    return TicketRow(
        key=uuid.uuid4().hex,
        response_id=response_id,
        language=finding.language.code,
        country=response.country,
        intent=finding.request.intent if finding.request else None,
        status="open",
        delivery="delivered" if is_here else "pending",
        delivered_at=now if is_here else None,
        system=decision.system,
        intended_system=decision.intended_system,
        queue=decision.queue,
        priority=decision.priority,
        due_at=decision.due_at,
        subject=decision.subject,
        reasons=list(decision.reasons),
        problem=problem_of(response),
        created_at=now,
        updated_at=now,
    )


def open_tickets(
    session: Session, tickets: Sequence[TicketRow], jobs: DeliveryJobs | None, now: datetime
) -> dict[str, TicketRow]:
    """Store `tickets` and enqueue the deliveries they need, all in `session`'s transaction.

    One about a problem that has an open ticket joins that one instead. Returns the ticket
    of each response, by its id.
    """
    if not tickets:
        return {}
    open_ones = known_problems(session, tickets, now)
    fresh, joining = [], []
    for ticket in tickets:
        if ticket.problem and ticket.problem in open_ones:
            joining.append(ticket)
        else:
            fresh.append(ticket)
            if ticket.problem:
                open_ones[ticket.problem] = ticket
    _store(session, fresh, jobs)
    for ticket in joining:
        # Read anew: one that was stored a moment ago is not in the session.
        opened = session.get_one(TicketRow, open_ones[str(ticket.problem)].id)
        open_ones[str(ticket.problem)] = opened
        join(session, opened, ticket, jobs, now)
    return {t.response_id: open_ones[t.problem] if t.problem else t for t in tickets}


def _store(session: Session, tickets: Sequence[TicketRow], jobs: DeliveryJobs | None) -> None:
    if tickets:
        session.execute(insert(_TICKET), [dict(ticket) for ticket in tickets])
    for ticket in tickets:
        if jobs is not None:
            jobs.enqueue(session, ticket.id)
        elif ticket.delivery == "pending":
            raise RuntimeError("a ticket was routed to a system that has no delivery jobs")
