"""An invitation and its messages: what is sent, by which channel, and what follows."""

from datetime import datetime
from typing import Protocol, cast

from sqlmodel import Session

from triage.settings import AskingSettings
from triage.surveys.event import language_of
from triage.surveys.tables import FIRST, REMINDER, Channel, EventRow, InvitationRow, MessageRow
from triage.surveys.timing import days_later


class MessageJobs(Protocol):
    """The durable queue of messages."""

    def send(self, session: Session, message: MessageRow) -> None:
        """Queue the present turn of a message for when it is due, in `session`'s transaction."""
        ...


def invite(
    session: Session, event: EventRow, channels: tuple[Channel, ...], jobs: MessageJobs, now: datetime
) -> InvitationRow:
    """Store the invitation and queue its first message, in the caller's transaction."""
    invitation = InvitationRow(
        event_id=event.id,
        survey=str(event.survey),
        unit=event.unit,
        language=language_of(event.locale, event.country),
        time_zone=str(event.time_zone),
        customer_id=event.customer_id,
        email=event.email,
        phone=event.phone,
        asked_at=now,
        answers={},
    )
    session.add(invitation)
    session.flush()
    add_message(session, invitation, FIRST, channels[0], jobs, now)
    return invitation


def remind(
    session: Session,
    invitation: InvitationRow,
    first: Channel,
    channels: tuple[Channel, ...],
    asking: AskingSettings,
    jobs: MessageJobs,
    now: datetime,
) -> MessageRow | None:
    """Plan the one reminder: by SMS a day after an e-mail, else by the same channel some days later.

    None where none is wanted, or the link would be closed by then.
    """
    by_sms = first == "email" and "sms" in channels
    days = asking.sms_after_days if by_sms else asking.reminder_days
    if days is None or (first not in channels and not by_sms):
        return None
    due_at = days_later(now, days, asking.window, invitation.time_zone)
    if invitation.expires_at is not None and due_at >= invitation.expires_at:
        return None
    return add_message(session, invitation, REMINDER, "sms" if by_sms else first, jobs, due_at)


def add_message(
    session: Session,
    invitation: InvitationRow,
    step: str,
    channel: Channel,
    jobs: MessageJobs,
    due_at: datetime,
) -> MessageRow:
    """Store a message and queue it."""
    message = MessageRow(invitation_id=invitation.id, step=step, channel=channel, due_at=due_at, since=due_at)
    session.add(message)
    session.flush()
    jobs.send(session, message)
    return message


def channel_of(message: MessageRow) -> Channel:
    """Return the channel, which the table keeps as text."""
    return cast(Channel, message.channel)
