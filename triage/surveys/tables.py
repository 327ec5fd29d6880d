"""The tables of the survey module.

event        what happened to a customer; unique per client and external id
invitation   a customer who is asked about one event (at most one per event)
message      an e-mail or SMS of an invitation: the first, or its one reminder
link         the tokens in those messages; only their hashes are kept
suppression  addresses and customers that are not written to, as hashes
pace         how many were eligible, asked and answered, by survey, unit and day
mailbox      the local mailbox of a development machine
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Final, Literal

from sqlalchemy import JSON, Column, ColumnElement, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from triage.tables import UtcDateTime, new_id

EventState = Literal["waiting", "held", "asked", "not_asked"]
"""`held`: an online purchase whose delivery has not happened yet."""
MessageState = Literal["planned", "sending", "sent", "unknown", "skipped", "failed"]
"""`unknown`: the process died, or the line broke, while it was handed over. Only an operator sends it on."""
Channel = Literal["email", "sms"]
Step = Literal["first", "reminder"]

FIRST: Final[Step] = "first"
REMINDER: Final[Step] = "reminder"


def _moment() -> Any:
    return Field(sa_type=UtcDateTime, nullable=False)


def _optional_moment() -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=True)


CUSTOMER: Final = ("customer_id", "email", "phone")
"""By any of these two events, or an event and an invitation, are the same customer's."""


class EventRow(SQLModel, table=True):
    """Something that happened to a customer, and whether they are asked about it."""

    __tablename__: ClassVar[Any] = "event"
    __table_args__ = (
        UniqueConstraint("client", "external_id"),
        Index("ix_event_state_due_at", "state", "due_at"),
        Index("ix_event_survey_unit_state_due_at", "survey", "unit", "state", "due_at"),
        Index("ix_event_client_order_number", "client", "order_number"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    client: str
    external_id: str
    body_hash: str
    """Of the whole event, to tell a repeat from another body under the same external id."""
    kind: str
    channel: str | None = None
    """Where the customer bought: `store` or `online`."""
    customer_id: str | None = Field(default=None, index=True)
    email: str | None = Field(default=None, index=True)
    phone: str | None = Field(default=None, index=True)
    """E.164."""
    name: str | None = None
    store: str | None = None
    seller: str | None = None
    operator: str | None = None
    executor: str | None = None
    order_number: str | None = None
    brand: str | None = None
    country: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    consent: bool
    occurred_at: datetime = _moment()
    received_at: datetime = _moment()
    over_at: datetime | None = _optional_moment()
    """When it was over: when it happened, or for an online purchase when it was delivered."""
    state: str = "waiting"
    due_at: datetime | None = _optional_moment()
    """When it is decided whether to ask, which is also when the message should go out."""
    survey: str | None = None
    unit: str | None = None
    """The store, or whatever the survey's target is counted by."""
    reasons: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """How it was decided, one clause a rule."""
    decided_at: datetime | None = _optional_moment()


class InvitationRow(SQLModel, table=True):
    """A customer who is asked."""

    __tablename__: ClassVar[Any] = "invitation"

    id: str = Field(default_factory=new_id, primary_key=True)
    event_id: str = Field(foreign_key="event.id", unique=True)
    survey: str
    unit: str | None = None
    language: str
    time_zone: str
    customer_id: str | None = Field(default=None, index=True)
    email: str | None = Field(default=None, index=True)
    phone: str | None = Field(default=None, index=True)
    asked_at: datetime = _moment()
    """When it was decided; the quarantine counts from here."""
    sent_at: datetime | None = _optional_moment()
    """When the first message left, or may have left."""
    expires_at: datetime | None = _optional_moment()
    answers: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    started_at: datetime | None = _optional_moment()
    """When the first answer was saved."""
    completed_at: datetime | None = _optional_moment()
    response_id: str | None = None
    """The response that the answers became."""


class MessageRow(SQLModel, table=True):
    """One e-mail or SMS."""

    __tablename__: ClassVar[Any] = "message"
    __table_args__ = (
        UniqueConstraint("invitation_id", "step"),
        Index("ix_message_state_due_at", "state", "due_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    invitation_id: str = Field(foreign_key="invitation.id")
    step: str
    channel: str
    state: str = "planned"
    turn: int = 0
    """Which of its jobs may act: each ends by raising it, which voids any other with the same turn."""
    attempts: int = 0
    due_at: datetime = _moment()
    since: datetime = _moment()
    """When it was first due; an operator who sends it again begins anew. Its age counts from here."""
    sent_at: datetime | None = _optional_moment()
    remote_id: str | None = None
    """What the gateway calls it."""
    error: str | None = None
    """Why it was skipped, or how the last attempt failed."""


class LinkRow(SQLModel, table=True):
    """A token that opens an invitation's survey. Each message has one of its own."""

    __tablename__: ClassVar[Any] = "link"

    token_hash: str = Field(primary_key=True)
    invitation_id: str = Field(foreign_key="invitation.id", index=True)
    created_at: datetime = _moment()


class SuppressionRow(SQLModel, table=True):
    """Somebody who is not written to. Hashed, so that the list outlives the customer's data."""

    __tablename__: ClassVar[Any] = "suppression"

    key_hash: str = Field(primary_key=True)
    """SHA-256 of `email:...`, `phone:...` or `customer:...`."""
    reason: str = Field(primary_key=True)
    """`opt_out` or `bounce`."""
    detail: str
    created_at: datetime = _moment()


class PaceRow(SQLModel, table=True):
    """One day of one unit, in the unit's own calendar: what pacing needs of the past."""

    __tablename__: ClassVar[Any] = "pace"

    survey: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    eligible: int = 0
    asked: int = 0
    answered: int = 0


class MailboxRow(SQLModel, table=True):
    """A message that a development machine shows instead of sending it."""

    __tablename__: ClassVar[Any] = "mailbox"

    id: str = Field(default_factory=new_id, primary_key=True)
    key: str = Field(unique=True)
    channel: str
    recipient: str
    subject: str
    text: str
    html: str
    unsubscribe_url: str
    received_at: datetime = _moment()


def same_customer(
    table: type[EventRow] | type[InvitationRow], known: Mapping[str, str | None]
) -> list[ColumnElement[bool]]:
    """Return what holds, any of it, for the rows of a customer; empty where nobody knows who it is."""
    return [getattr(table, name) == value for name in CUSTOMER if (value := known.get(name))]
