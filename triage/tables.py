"""All tables. What the lists filter by is an indexed column; the rest is stored beside it.

    api_key      who may call, under which client name
    response     a survey response as it came in; unique per client and external id
    finding      what the model found in it      (one per analysed response)
    aspect       the categories of a finding     (one row a category)
    ticket       what a person must act on       (at most one per response)
    ticket_comment   what was added to a ticket: a second response, or an agent's words
    feedback     labels that an agent corrected: training data
    delivery     something to send elsewhere: a case, a comment, an event
    attempt      each time a delivery was tried  (one row a try)
    system_state how a remote system is doing, and up to when it was asked for changes
    replica      the processes that deliver, and when each was last alive

Ids are hexadecimal and grow with time, so that new rows land at the end of every
index and a list in order of id is a list in order of creation.
"""

import secrets
import time
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, TypeDecorator, UniqueConstraint
from sqlmodel import Field, SQLModel

ResponseState = Literal["analysed", "pending_analysis"]
TicketStatus = Literal["open", "in_progress", "resolved"]
DeliveryState = Literal["pending", "delivered", "parked", "failed"]
"""`parked` waits for its system to come back; `failed` waits for a person."""

metadata = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> str:
    """Return 32 hexadecimal characters: 48 bits of milliseconds, then 80 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def id_at(moment: datetime) -> str:
    """Return the lowest id that a row made at `moment` can have."""
    return f"{max(int(moment.timestamp() * 1000), 0):012x}"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: stored in UTC, read back timezone-aware on SQLite too, which keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Send any zone as UTC; a naive moment would be read as local time, so none may come here."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read every moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _moment(*, nullable: bool = False) -> Any:
    return Field(sa_type=UtcDateTime, nullable=nullable)


def _optional_moment() -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=True)


class ApiKeyRow(SQLModel, table=True):
    """A key that may call the API. Only its hash is kept."""

    __tablename__: ClassVar[Any] = "api_key"

    id: str = Field(default_factory=new_id, primary_key=True)
    client: str = Field(index=True)
    """Responses are idempotent per client; several keys may belong to one."""
    scopes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    key_hash: str = Field(unique=True)
    hint: str
    """The first characters, so that a person can tell keys apart."""
    created_at: datetime = _moment()
    revoked_at: datetime | None = _optional_moment()


class ResponseRow(SQLModel, table=True):
    """One survey response."""

    __tablename__: ClassVar[Any] = "response"
    __table_args__ = (
        UniqueConstraint("client", "external_id"),
        Index("ix_response_state_analyse_after", "state", "analyse_after"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    client: str
    external_id: str
    body_hash: str
    """Of the whole response, to tell a repeat from another body under the same external id."""
    comment: str
    question: str | None = None
    score: int | None = None
    survey: str | None = None
    touchpoint: str | None = None
    country: str | None = None
    locale: str | None = None
    channel: str | None = None
    occurred_at: datetime | None = _optional_moment()
    customer_id: str | None = None
    customer_email: str | None = None
    customer_phone: str | None = None
    customer_name: str | None = None
    attributes: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    received_at: datetime = _moment()
    historical: bool = False
    """From the past: analysed for reports, opens no ticket."""
    state: str = "analysed"
    analyse_after: datetime | None = _optional_moment()
    """While `pending_analysis`: when to try again."""
    analysis_attempts: int = 0


class FindingRow(SQLModel, table=True):
    """What the model found; its categories are in `aspect`."""

    __tablename__: ClassVar[Any] = "finding"

    response_id: str = Field(primary_key=True, foreign_key="response.id")
    language: str = Field(index=True)
    language_confidence: float
    sentiment: str = Field(index=True)
    sentiment_confidence: float
    intent: str | None = Field(default=None, index=True)
    """Null where there is no request."""
    intent_confidence: float | None = None
    request_confidence: float | None = None
    request_start: int | None = None
    request_end: int | None = None
    request_text: str | None = None
    urgent: bool
    urgent_confidence: float
    abstained: list[str] = Field(sa_column=Column(JSON, nullable=False))
    model: str
    taxonomy: str
    created_at: datetime = _moment()


class AspectRow(SQLModel, table=True):
    """A category that a comment speaks about."""

    __tablename__: ClassVar[Any] = "aspect"
    __table_args__ = (Index("ix_aspect_category_response_id", "category", "response_id"),)

    response_id: str = Field(primary_key=True, foreign_key="finding.response_id")
    category: str = Field(primary_key=True)
    polarity: str
    confidence: float


class TicketRow(SQLModel, table=True):
    """Something a person must act on. Each index ends in `id`: the order of the list."""

    __tablename__: ClassVar[Any] = "ticket"
    __table_args__ = (
        Index("ix_ticket_status_id", "status", "id"),
        Index("ix_ticket_queue_id", "queue", "id"),
        Index("ix_ticket_language_id", "language", "id"),
        Index("ix_ticket_country_id", "country", "id"),
        Index("ix_ticket_intent_id", "intent", "id"),
        Index("ix_ticket_delivery_id", "delivery", "id"),
        Index("ix_ticket_problem_id", "problem", "id"),
        Index("ix_ticket_remote_id", "remote_id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    key: str = Field(unique=True)
    """Idempotency key in the remote system's record: a UUID as 32 lower-case hex characters."""
    response_id: str = Field(unique=True, foreign_key="response.id")
    language: str
    """This, country and intent repeat the response and its finding, so that one index serves the list."""
    country: str | None = None
    intent: str | None = None
    status: str = "open"
    delivery: str = "pending"
    system: str
    """Where it is delivered."""
    intended_system: str
    """Where the rules would have it; differs where that system is not configured."""
    queue: str
    priority: str
    due_at: datetime = _moment()
    subject: str
    reasons: list[str] = Field(sa_column=Column(JSON, nullable=False))
    remote_id: str | None = None
    remote_url: str | None = None
    created_at: datetime = _moment()
    updated_at: datetime = _moment()
    delivered_at: datetime | None = _optional_moment()
    resolved_at: datetime | None = _optional_moment()
    error: str | None = None
    """Why the last attempt to deliver it failed, in the remote system's words."""
    problem: str | None = None
    """Same customer and same order: equal for every ticket about one problem."""
    assignee: str | None = None
    resolution: str | None = None


class TicketCommentRow(SQLModel, table=True):
    """Something added to a ticket; its id is the idempotency key in the remote system."""

    __tablename__: ClassVar[Any] = "ticket_comment"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    response_id: str | None = Field(default=None, foreign_key="response.id", unique=True)
    """The response that joined this ticket instead of opening its own."""
    author: str
    text: str
    created_at: datetime = _moment()


class FeedbackRow(SQLModel, table=True):
    """What an agent says the labels of a comment should have been. The newest one counts."""

    __tablename__: ClassVar[Any] = "feedback"

    id: str = Field(default_factory=new_id, primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    author: str
    labels: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """Only the corrected fields, by the names of the annotation guidelines."""
    created_at: datetime = _moment()


class DeliveryRow(SQLModel, table=True):
    """Something to send, and how far it got."""

    __tablename__: ClassVar[Any] = "delivery"
    __table_args__ = (Index("ix_delivery_state_next_at", "state", "next_at"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    """`case`, `comment` or `event`."""
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    comment_id: str | None = Field(default=None, foreign_key="ticket_comment.id")
    event: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """An event's `type` and `data`, as they were when it happened."""
    system: str
    """Whose queue it waits in: a ticket system, or `events`."""
    state: str = "pending"
    """A `DeliveryState`, or `waiting`: a comment without a job, until its case is there."""
    turn: int = 0
    """Which of its jobs may act: each ends by raising it, which voids any other with the same turn."""
    attempts: int = 0
    next_at: datetime = _moment()
    """When its job should run next."""
    error: str | None = None
    created_at: datetime = _moment()
    finished_at: datetime | None = _optional_moment()


class AttemptRow(SQLModel, table=True):
    """One try to send a delivery."""

    __tablename__: ClassVar[Any] = "attempt"

    delivery_id: str = Field(primary_key=True, foreign_key="delivery.id")
    number: int = Field(primary_key=True)
    at: datetime = _moment()
    milliseconds: int
    outcome: str
    """`delivered`, or what went wrong (`delivery.failure.Kind`)."""
    status: int | None = None
    """HTTP status of the last answer; null where none came."""
    answer: str
    """Its first 2,048 characters, without secrets."""
    replica: str


class SystemRow(SQLModel, table=True):
    """How a remote system is doing (`delivery.circuit`), shared by all replicas."""

    __tablename__: ClassVar[Any] = "system_state"

    system: str = Field(primary_key=True)
    failures: int = 0
    trips: int = 0
    parked_until: datetime | None = _optional_moment()
    asked: bool = False
    reason: str = ""
    read_until: datetime | None = _optional_moment()
    """Its changes are known up to here."""


class ReplicaRow(SQLModel, table=True):
    """A process that delivers."""

    __tablename__: ClassVar[Any] = "replica"

    id: str = Field(primary_key=True)
    seen_at: datetime = _moment()
