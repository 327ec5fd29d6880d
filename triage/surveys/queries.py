"""Why somebody was asked, or not: events with what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from triage.surveys.event import email_of, phone_of
from triage.surveys.tables import EventRow, InvitationRow, MessageRow

_MOST_EVENTS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """An event, its invitation where it led to one, and the messages of that."""

    event: EventRow
    invitation: InvitationRow | None
    messages: Sequence[MessageRow]


def stories(session: Session, who_or_what: str) -> list[Story]:
    """Return the newest events of a customer (number, e-mail, phone), or one event (its id or yours)."""
    email, phone = email_of(who_or_what), phone_of(who_or_what, None)
    query = (
        select(EventRow)
        .where(
            or_(
                EventRow.id == who_or_what,
                EventRow.external_id == who_or_what,
                EventRow.customer_id == who_or_what,
                EventRow.phone == phone if phone else False,
                EventRow.email == email if email else False,
            )
        )
        .order_by(col(EventRow.id).desc())
        .limit(_MOST_EVENTS)
    )
    return [_story(session, event) for event in session.exec(query)]


def _story(session: Session, event: EventRow) -> Story:
    invitation = session.exec(select(InvitationRow).where(InvitationRow.event_id == event.id)).first()
    messages: Sequence[MessageRow] = []
    if invitation is not None:
        query = select(MessageRow).where(MessageRow.invitation_id == invitation.id)
        messages = session.exec(query.order_by(col(MessageRow.id))).all()
    return Story(event=event, invitation=invitation, messages=messages)
