"""Events come in, once each, and are given their survey and the time to decide."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, or_, select

from triage.db import Database
from triage.ports import Clock
from triage.settings import AskingSettings
from triage.surveys import choice
from triage.surveys.event import DELIVERED, ORDERED, CustomerEvent, body_hash, email_of, phone_of
from triage.surveys.form import Catalogue
from triage.surveys.tables import EventRow, same_customer
from triage.tables import new_id

CHUNK = 100
"""Events in one transaction: few enough that other callers hardly wait for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventReceipt:
    """What became of an event that came in."""

    external_id: str
    id: str
    status: Literal["created", "repeated", "conflict"]
    """`conflict`: the external id is known with another body, and nothing was changed."""


class Events:
    """Takes events in. Thread-safe."""

    def __init__(
        self, database: Database, catalogue: Catalogue, asking: AskingSettings, clock: Clock
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._asking = asking
        self._clock = clock

    def accept_many(self, client: str, events: Sequence[CustomerEvent]) -> Iterator[EventReceipt]:
        """Yield a receipt for each event in order, storing `CHUNK` in a transaction. Raises `Unavailable`."""
        for start in range(0, len(events), CHUNK):
            chunk = events[start : start + CHUNK]
            with self._database.write() as session:
                receipts = [self.accept(session, client, event) for event in chunk]
            yield from receipts

    def accept(self, session: Session, client: str, event: CustomerEvent) -> EventReceipt:
        """Store an event in the caller's transaction, unless it is known."""
        if known := _known(session, client, event):
            return known
        row = self._row(session, client, event)
        if not _insert(session, row):
            # Another caller stored it since: on PostgreSQL the insert has waited for that to be true.
            return _known(session, client, event) or self.accept(session, client, event)
        if event.kind in DELIVERED and event.order_number:
            self._release(session, client, event)
        return EventReceipt(external_id=event.external_id, id=row["id"], status="created")

    def _row(self, session: Session, client: str, event: CustomerEvent) -> dict[str, Any]:
        now, event_id = self._clock.now(), new_id()
        zone = choice.zone(event, self._asking)
        values = {name: getattr(event, name) for name in event.__dataclass_fields__}
        return (
            values
            | self._plan(session, client, event, event_id, zone, now)
            | _addresses(event)
            | {
                "id": event_id,
                "client": client,
                "body_hash": body_hash(event),
                "time_zone": zone,
                "received_at": now,
            }
        )

    def _plan(
        self, session: Session, client: str, event: CustomerEvent, event_id: str, zone: str, now: datetime
    ) -> dict[str, Any]:
        chosen = choice.choose(event, _first_of_order(session, client, event) or event_id, self._catalogue)
        reasons = [*chosen.reasons]
        if chosen.survey is None:
            return {
                "state": "not_asked", "reasons": reasons, "decided_at": now,
                "survey": None, "unit": None, "due_at": None, "over_at": event.occurred_at,
            }  # fmt: skip
        state, since = "waiting", event.occurred_at
        if choice.waits_for_delivery(event):
            delivered_at = _delivered_at(session, client, event)
            state, since = ("waiting", delivered_at) if delivered_at else ("held", since)
        due_at = choice.due(chosen.survey, since, now, zone, self._asking)
        return {
            "state": state,
            "reasons": reasons,
            "decided_at": None,
            "survey": chosen.survey.key,
            "unit": choice.unit_of(event, chosen.survey),
            "over_at": None if state == "held" else since,
            "due_at": choice.held_until(event, self._asking) if state == "held" else due_at,
        }

    def _release(self, session: Session, client: str, delivery: CustomerEvent) -> None:
        """The goods are there: their purchase, which waited for that, is asked about now."""
        query = select(EventRow).where(
            EventRow.client == client,
            EventRow.order_number == delivery.order_number,
            EventRow.state == "held",
        )
        for row in session.exec(query.with_for_update()):
            survey = self._catalogue.surveys.get(row.survey or "")
            if survey is not None:
                now, since = self._clock.now(), max(delivery.occurred_at, row.occurred_at)
                row.state, row.over_at = "waiting", since
                row.due_at = choice.due(survey, since, now, str(row.time_zone), self._asking)
                session.add(row)


def _known(session: Session, client: str, event: CustomerEvent) -> EventReceipt | None:
    query = select(EventRow).where(EventRow.client == client, EventRow.external_id == event.external_id)
    row = session.exec(query).first()
    if row is None:
        return None
    status: Literal["repeated", "conflict"] = "repeated" if row.body_hash == body_hash(event) else "conflict"
    return EventReceipt(external_id=event.external_id, id=row.id, status=status)


def _insert(session: Session, row: dict[str, Any]) -> bool:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = insert(EventRow).on_conflict_do_nothing(index_elements=["client", "external_id"])
    return session.execute(new.returning(col(EventRow.id)), row).first() is not None


def _addresses(event: CustomerEvent) -> dict[str, str | None]:
    return {"email": email_of(event.email), "phone": phone_of(event.phone, event.country)}


def _first_of_order(session: Session, client: str, event: CustomerEvent) -> str | None:
    """Return the id of what was told first of the same customer's order, its purchase or a delivery."""
    if not event.order_number or event.kind not in ORDERED:
        return None
    same = same_customer(EventRow, {"customer_id": event.customer_id} | _addresses(event))
    if not same:
        return None
    query = select(EventRow.id).where(
        EventRow.client == client,
        EventRow.order_number == event.order_number,
        col(EventRow.kind).in_(ORDERED),
        or_(*same),
    )
    return session.exec(query.order_by(col(EventRow.received_at), col(EventRow.id))).first()


def _delivered_at(session: Session, client: str, event: CustomerEvent) -> datetime | None:
    """Return when the order was delivered, where that event came before its purchase."""
    query = select(EventRow.occurred_at).where(
        EventRow.client == client,
        EventRow.order_number == event.order_number,
        col(EventRow.kind).in_(DELIVERED),
    )
    return session.exec(query.order_by(col(EventRow.occurred_at))).first()
