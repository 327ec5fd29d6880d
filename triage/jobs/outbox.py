"""Enqueueing: everything here is part of the caller's transaction."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from triage.errors import NotFound
from triage.jobs.engine import Engine
from triage.ports import Clock
from triage.tables import DeliveryRow, TicketCommentRow, TicketRow
from triage.tickets.lifecycle import comments_of
from triage.tickets.service import INBOX
from triage.types import System, TicketEvent

EVENTS: Final = "events"
"""The queue of the signed events; every other queue is named after its system."""
WAITING: Final = "waiting"
"""State of a comment whose case is not there yet: it has no job."""
_ORDER: Final = {"urgent": 1, "high": 2, "normal": 3, "low": 4}


class Outbox:
    """Our side of `ports.DeliveryJobs`. Thread-safe."""

    def __init__(
        self, engine: Engine, systems: AbstractSet[System], clock: Clock, *, announces: bool
    ) -> None:
        """`systems` are those configured here; `announces` says whether somebody listens to events."""
        self._engine = engine
        self._systems = systems
        self._clock = clock
        self._announces = announces
        self.on_resolved: Callable[[Session, str], None] | None = None
        """Told of each ticket (its id) that was resolved, in the same transaction."""

    def enqueue(self, session: Session, ticket_id: str) -> None:
        """See `ports.DeliveryJobs.enqueue`. A ticket for the inbox is where it should be already."""
        ticket = _ticket(session, ticket_id)
        self.announce(session, ticket_id, "ticket.created")
        if ticket.system == INBOX:
            self.announce(session, ticket_id, "ticket.delivered")
        else:
            self._add(session, ticket, kind="case", system=ticket.system)

    def comment(self, session: Session, comment_id: str) -> None:
        """See `ports.DeliveryJobs.comment`."""
        comment = session.get(TicketCommentRow, comment_id)
        if comment is None:
            raise NotFound(f"there is no comment {comment_id!r}")
        ticket = _ticket(session, comment.ticket_id)
        if ticket.system == INBOX:
            return
        delivery = {"kind": "comment", "system": ticket.system, "comment_id": comment_id}
        if ticket.remote_id is None:
            # Its case is not there yet. Whoever writes down that it is (`release`) starts this one.
            self._row(session, ticket, **delivery, state=WAITING)
        else:
            self._add(session, ticket, **delivery)

    def release(self, session: Session, ticket: TicketRow) -> None:
        """The case of a ticket is there: start the comments that waited for it, oldest first.

        The caller holds the ticket's row, as does whoever adds a comment: none slips through between.
        """
        waiting = select(DeliveryRow).where(
            DeliveryRow.ticket_id == ticket.id, col(DeliveryRow.state) == WAITING
        )
        now = self._clock.now()
        # By the comment: rows made in one go have ids in no order.
        for row in session.exec(waiting.order_by(col(DeliveryRow.comment_id)).with_for_update()).all():
            # Its age counts from here: it could not go before.
            row.state, row.created_at = "pending", now
            self.schedule(session, row, ticket.priority, at=now)

    def announce(
        self, session: Session, ticket_id: str, event: TicketEvent, *, was_request: bool = True
    ) -> None:
        """See `ports.DeliveryJobs.announce`. The event tells the ticket as it is now."""
        if event == "ticket.resolved" and was_request and self.on_resolved:
            self.on_resolved(session, ticket_id)
        if self._announces:
            ticket = _ticket(session, ticket_id)
            payload = {"type": event, "at": self._clock.now().isoformat(), "data": event_data(ticket)}
            self._add(session, ticket, kind="event", system=EVENTS, event=payload)

    def retry(self, session: Session, ticket_id: str, *, spare_resolved: bool = False) -> int:
        """See `ports.DeliveryJobs.retry`. A ticket that fell back to the inbox goes where it was meant to.

        With `spare_resolved`, only events of a resolved ticket are sent: its case would ask for work again.
        """
        ticket = _ticket(session, ticket_id)
        # Held, as by whoever adds a comment: none slips through between.
        session.refresh(ticket, with_for_update=True)
        spared = spare_resolved and ticket.status == "resolved"
        fell_back = ticket.system == INBOX and ticket.intended_system in self._systems - {INBOX}
        if fell_back and not spared:
            return self._leave_inbox(session, ticket)
        return self._repeat(session, ticket, events_only=spared)

    def _leave_inbox(self, session: Session, ticket: TicketRow) -> int:
        """Send the case of a ticket, and let what was added to it here wait for that case."""
        ticket.system, ticket.delivery = ticket.intended_system, "pending"
        ticket.updated_at = self._clock.now()
        self._add(session, ticket, kind="case", system=ticket.system)
        comments = comments_of(session, ticket.id)
        for comment in comments:
            self._row(
                session, ticket, kind="comment", system=ticket.system, comment_id=comment.id, state=WAITING
            )
        return 1 + len(comments)

    def _repeat(self, session: Session, ticket: TicketRow, *, events_only: bool) -> int:
        """Start the failed deliveries of a ticket anew."""
        now = self._clock.now()
        failed = select(DeliveryRow).where(
            DeliveryRow.ticket_id == ticket.id, col(DeliveryRow.state) == "failed"
        )
        if events_only:
            failed = failed.where(DeliveryRow.kind == "event")
        rows = session.exec(failed.with_for_update()).all()
        for row in rows:
            # Its age counts from here: a person looked at it and asked for more.
            row.state, row.created_at, row.finished_at = "pending", now, None
            row.turn += 1
            self.schedule(session, row, ticket.priority, at=now)
        if any(row.kind != "event" for row in rows):
            ticket.delivery, ticket.updated_at = "pending", now
        return len(rows)

    def schedule(self, session: Session, row: DeliveryRow, priority: str, *, at: datetime) -> None:
        """Enqueue the present turn of a delivery, to run at `at`."""
        row.next_at = at
        session.add(row)
        delay = max((at - self._clock.now()).total_seconds(), 0.0)
        self._engine.enqueue(
            session, row.system, row.id, row.turn, delay=delay, priority=_ORDER.get(priority, 3)
        )

    def _add(self, session: Session, ticket: TicketRow, *, kind: str, system: str, **more: Any) -> None:
        row = self._row(session, ticket, kind=kind, system=system, **more)
        # The job's row refers to nothing, so nothing else makes this one go first.
        session.flush()
        self.schedule(session, row, ticket.priority, at=row.next_at)

    def _row(
        self, session: Session, ticket: TicketRow, *, kind: str, system: str, **more: Any
    ) -> DeliveryRow:
        now = self._clock.now()
        row = DeliveryRow(kind=kind, ticket_id=ticket.id, system=system, created_at=now, next_at=now, **more)
        session.add(row)
        return row


def event_data(ticket: TicketRow) -> dict[str, Any]:
    """What an event says of a ticket. No words of the customer: who may read them asks the API."""
    moments = {
        name: getattr(ticket, name) for name in ("created_at", "due_at", "delivered_at", "resolved_at")
    }
    fields = (
        "id", "response_id", "status", "delivery", "system", "queue", "priority", "intent", "language",
        "country", "remote_id", "remote_url", "resolution",
    )  # fmt: skip
    return {name: getattr(ticket, name) for name in fields} | {
        name: moment and moment.isoformat() for name, moment in moments.items()
    }


def _ticket(session: Session, ticket_id: str) -> TicketRow:
    ticket = session.get(TicketRow, ticket_id)
    if ticket is None:
        raise NotFound(f"there is no ticket {ticket_id!r}")
    return ticket
