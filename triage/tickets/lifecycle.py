"""What happens to a ticket once it is open: by an agent here, or in the remote system.

    open ──take──> in_progress ──resolve──> resolved
      └──────────────resolve───────────────────^

Every function works in the caller's transaction and says nothing twice: resolving a
resolved ticket changes nothing and announces nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from triage.errors import Conflict, NotFound
from triage.ports import DeliveryJobs
from triage.tables import FeedbackRow, TicketCommentRow, TicketRow
from triage.tickets.feedback import check_labels
from triage.types import RemoteState, System, TicketStatus

NOT_A_REQUEST = "not a request"
"""The resolution of a ticket that should not have been opened."""
_NO_REQUEST: Final[Mapping[str, Any]] = {"request": None, "request_text": None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What an agent wants of a ticket; None and empty leave things as they are."""

    author: str
    status: TicketStatus | None = None
    assignee: str | None = None
    comment: str | None = None
    resolution: str | None = None
    not_a_request: bool = False
    """Resolves the ticket, and is kept as feedback."""
    labels: Mapping[str, Any] = field(default_factory=dict)
    """Corrected fields, by the names of the annotation guidelines."""

    @property
    def corrections(self) -> dict[str, Any]:
        """All that this says about the model's labels."""
        return (dict(_NO_REQUEST) if self.not_a_request else {}) | dict(self.labels)

    @property
    def moves(self) -> bool:
        """Whether it is about who works on the ticket and how far they are."""
        return self.status is not None or self.assignee is not None or self.not_a_request


def change(
    session: Session, ticket_id: str, wanted: Change, jobs: DeliveryJobs | None, now: datetime
) -> None:
    """Apply what an agent wants.

    Raises `NotFound`, `Conflict` for a ticket whose work is done in another system, and
    `InvalidInput` for labels that training could not use.
    """
    ticket = _locked(session, ticket_id)
    if wanted.moves and ticket.system != "inbox" and ticket.delivery != "failed":
        raise Conflict(f"this ticket is worked on in {ticket.system}: change it there, and it changes here")
    if labels := wanted.corrections:
        check_labels(session, ticket_id, labels)
        session.add(FeedbackRow(ticket_id=ticket_id, author=wanted.author, labels=labels, created_at=now))
    if wanted.comment:
        add_comment(session, ticket, wanted.author, wanted.comment, jobs, now)
    if wanted.assignee is not None:
        ticket.assignee = wanted.assignee or None
        if ticket.assignee and ticket.status == "open":
            ticket.status = "in_progress"
    if wanted.not_a_request:
        resolution = wanted.resolution or NOT_A_REQUEST
        _move(session, ticket, "resolved", resolution, now, now, jobs, was_request=False)
    elif wanted.status is not None:
        _move(session, ticket, wanted.status, wanted.resolution, now, now, jobs)
    ticket.updated_at = now
    session.add(ticket)


def add_comment(
    session: Session,
    ticket: TicketRow,
    author: str,
    text: str,
    jobs: DeliveryJobs | None,
    now: datetime,
    *,
    response_id: str | None = None,
) -> None:
    """Add something to a ticket, here and in its system."""
    comment = TicketCommentRow(
        ticket_id=ticket.id, response_id=response_id, author=author, text=text, created_at=now
    )
    session.add(comment)
    session.flush()
    if jobs is not None:
        jobs.comment(session, comment.id)


def follow_remote(
    session: Session, system: System, state: RemoteState, jobs: DeliveryJobs | None, now: datetime
) -> bool:
    """Let a ticket follow its remote case; return whether anything changed.

    A case that is not the ticket's (it was closed, and another one replaced it) is ignored.
    """
    query = select(TicketRow).where(TicketRow.system == system, TicketRow.remote_id == state.id)
    ticket = session.exec(query.with_for_update()).first()
    if ticket is None or ticket.status == state.status:
        return False
    _move(session, ticket, state.status, state.resolution, state.changed_at, now, jobs)
    session.add(ticket)
    return True


def comments_of(session: Session, ticket_id: str) -> list[TicketCommentRow]:
    """What was added to a ticket, oldest first."""
    query = select(TicketCommentRow).where(TicketCommentRow.ticket_id == ticket_id)
    return list(session.exec(query.order_by(col(TicketCommentRow.id))).all())


def _move(
    session: Session,
    ticket: TicketRow,
    status: TicketStatus,
    resolution: str | None,
    at: datetime,
    now: datetime,
    jobs: DeliveryJobs | None,
    *,
    was_request: bool = True,
) -> None:
    resolved_now = status == "resolved" and ticket.status != "resolved"
    ticket.status, ticket.updated_at = status, now
    if status == "resolved":
        ticket.resolved_at = ticket.resolved_at or at
        ticket.resolution = resolution or ticket.resolution
    else:
        ticket.resolved_at, ticket.resolution = None, None
    session.add(ticket)
    if resolved_now and jobs is not None:
        session.flush()
        jobs.announce(session, ticket.id, "ticket.resolved", was_request=was_request)


def _locked(session: Session, ticket_id: str) -> TicketRow:
    query = select(TicketRow).where(TicketRow.id == ticket_id)
    ticket = session.exec(query.with_for_update()).first()
    if ticket is None:
        raise NotFound(f"there is no ticket {ticket_id!r}")
    return ticket
