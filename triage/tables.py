"""All tables. What the lists filter by is an indexed column; the rest is stored beside it.

    api_key      who may call, under which client name
    response     a survey response as it came in; unique per client and external id
    finding      what the model found in it      (one per analysed response)
    aspect       the categories of a finding     (one row a category)
    ticket       what a person must act on       (at most one per response)

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
    return f"{int(moment.timestamp() * 1000):012x}"


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
