"""Messages that may have left or not: shown to the operator, who may know more than we do.

A mail server's log, or the customer, can say whether a message of the state `unknown`
arrived. Nobody has to: its reminder goes out in any case.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from triage.errors import Conflict, NotFound
from triage.surveys.plan import MessageJobs
from triage.surveys.tables import InvitationRow, MessageRow


def doubtful(session: Session) -> Sequence[tuple[MessageRow, InvitationRow]]:
    """Return every message of which it is not known whether it left, oldest first."""
    query = (
        select(MessageRow, InvitationRow)
        .join(InvitationRow, col(InvitationRow.id) == MessageRow.invitation_id)
        .where(MessageRow.state == "unknown")
    )
    return session.exec(query.order_by(col(MessageRow.id))).all()


def arrived(session: Session, message_id: str) -> None:
    """Write down that a message left. Raises `NotFound` and `Conflict`."""
    _settle(session, message_id, state="sent", error=None)


def send_again(session: Session, message_id: str, jobs: MessageJobs, now: datetime) -> None:
    """Send a message once more, by the rules of any other: not to who has answered or opted out meanwhile.

    Raises `NotFound` and `Conflict`.
    """
    message = _settle(
        session,
        message_id,
        state="planned",
        error=None,
        sent_at=None,
        due_at=now,
        since=now,
        turn=MessageRow.turn + 1,
    )
    jobs.send(session, message)


def _settle(session: Session, message_id: str, **values: Any) -> MessageRow:
    claim = update(MessageRow).where(col(MessageRow.id) == message_id, col(MessageRow.state) == "unknown")
    settled = session.execute(claim.values(values).returning(col(MessageRow.id))).first()
    message = session.get(MessageRow, message_id, populate_existing=True)
    if message is None:
        raise NotFound(f"there is no message {message_id!r}; `triage invitations unknown` shows them")
    if settled is None:
        raise Conflict(f"message {message_id!r} is {message.state}, there is no doubt about it")
    return message
