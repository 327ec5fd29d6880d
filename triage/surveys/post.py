"""A message with all that is needed to send it, read from the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from triage.surveys.suppression import OPT_OUT, keys_of, suppressed
from triage.surveys.tables import EventRow, InvitationRow, MessageRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A message with all that is needed to send it."""

    message: MessageRow
    invitation: InvitationRow
    event: EventRow
    suppressed: Mapping[str, set[str]]

    def address(self) -> str | None:
        """Return where it goes."""
        return self.invitation.email if self.message.channel == "email" else self.invitation.phone

    def key(self) -> str:
        """Return what stands for that address among those not written to."""
        is_mail = self.message.channel == "email"
        phone = None if is_mail else self.invitation.phone
        keys = keys_of(customer_id=None, email=self.invitation.email if is_mail else None, phone=phone)
        return next(iter(keys.values()))

    def unwanted(self, now: datetime) -> str | None:
        """Say why it must not be sent any more; None where it may."""
        kind = "email" if self.message.channel == "email" else "phone"
        if self.invitation.completed_at is not None:
            return "answered already"
        if any(OPT_OUT in reasons for reasons in self.suppressed.values()):
            return "opted out"
        if self.suppressed.get(kind) or self.address() is None:
            return "the address does not exist"
        if self.invitation.expires_at is not None and now >= self.invitation.expires_at:
            return "the link is closed"
        return None


def load(session: Session, message_id: str, turn: int) -> Post | None:
    """Return a message with what belongs to it; None where its turn is over."""
    query = (
        select(MessageRow, InvitationRow, EventRow)
        .join(InvitationRow, col(InvitationRow.id) == MessageRow.invitation_id)
        .join(EventRow, col(EventRow.id) == InvitationRow.event_id)
        .where(MessageRow.id == message_id, MessageRow.turn == turn)
    )
    found = session.exec(query.where(col(MessageRow.state).in_(("planned", "sending")))).first()
    if found is None:
        return None
    message, invitation, event = found
    blocked = suppressed_of(session, invitation)
    return Post(message=message, invitation=invitation, event=event, suppressed=blocked)


def suppressed_of(session: Session, invitation: InvitationRow) -> dict[str, set[str]]:
    """Return `customer`, `email`, `phone` -> why the customer is not written to, by it."""
    keys = keys_of(customer_id=invitation.customer_id, email=invitation.email, phone=invitation.phone)
    found = suppressed(session, keys.values())
    return {kind: found[key] for kind, key in keys.items() if key in found}
