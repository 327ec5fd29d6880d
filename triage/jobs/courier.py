"""What a job does: one attempt to send one delivery."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar, cast

from sqlmodel import Session

from triage.db import Database
from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import Trace, tracing
from triage.delivery.record import build
from triage.delivery.webhook import Webhook
from triage.errors import without_words
from triage.jobs.settle import Settlement, read_circuit
from triage.ports import Clock, TicketSystem
from triage.records import to_response
from triage.tables import DeliveryRow, ResponseRow, TicketCommentRow, TicketRow
from triage.tickets.queries import findings_of, ticket_url
from triage.types import CaseRecord, Decision, Priority, RemoteCase, System

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """A delivery with all that its attempt needs, read in one go."""

    delivery: DeliveryRow
    ticket: TicketRow
    record: CaseRecord | None = None
    """The case to create; for a comment, the case that replaces a closed one."""
    comment: str | None = None


class Courier:
    """Runs jobs. Thread-safe."""

    def __init__(
        self,
        database: Database,
        systems: Mapping[System, TicketSystem],
        events: Webhook | None,
        settlement: Settlement,
        clock: Clock,
        *,
        public_url: str | None,
    ) -> None:
        self._database = database
        self._systems = systems
        self._events = events
        self._settlement = settlement
        self._clock = clock
        self._public_url = public_url

    def run(self, delivery_id: str, turn: int) -> None:
        """Do one turn, if it is still the delivery's turn. Never raises: a job that failed would be lost."""
        try:
            self._run(delivery_id, turn)
        except Exception as error:
            # Not the remote's fault but ours, or the database's: upkeep finds it and tries again.
            _log.error("delivery %s stopped at turn %d: %s", delivery_id, turn, without_words(error))

    def _run(self, delivery_id: str, turn: int) -> None:
        with self._database.read() as session:
            parcel = self._load(session, delivery_id, turn)
            circuit = read_circuit(session, parcel.delivery.system) if parcel else None
        if parcel is None or circuit is None:
            return
        now = self._clock.now()
        if circuit.parked_until and circuit.parked(now):
            self._settlement.postpone(parcel.delivery, circuit.parked_until)
        elif parcel.comment and parcel.ticket.remote_id is None:
            self._settlement.wait_for_case(parcel.delivery)
        else:
            self._attempt(parcel, now)

    def _attempt(self, parcel: Parcel, started_at: datetime) -> None:
        begin = time.monotonic()
        with tracing() as trace:
            try:
                case = self._send(parcel)
            except DeliveryError as error:
                self._settlement.failed(parcel.delivery, error, self._note(trace, started_at, begin))
                return
        self._settlement.delivered(parcel.delivery, case, self._note(trace, started_at, begin))

    @staticmethod
    def _note(trace: Trace, at: datetime, begin: float) -> dict[str, object]:
        milliseconds = int((time.monotonic() - begin) * 1000)
        return {"at": at, "milliseconds": milliseconds, "status": trace.status, "answer": trace.answer}

    def _send(self, parcel: Parcel) -> RemoteCase | None:
        delivery, ticket = parcel.delivery, parcel.ticket
        if delivery.event and self._events:
            at = datetime.fromisoformat(delivery.event["at"])
            self._events.post(delivery.id, delivery.event["type"], at, delivery.event["data"])
            return None
        system = self._systems[cast(System, delivery.system)]
        if parcel.comment is None or ticket.remote_id is None:
            return system.create(_required(parcel.record))
        try:
            system.comment(ticket.remote_id, _required(delivery.comment_id), parcel.comment)
        except DeliveryError as error:
            # Closed meanwhile: the customer's words must not be lost, so they open a case of their own.
            if error.kind is Kind.CLOSED and parcel.record:
                return system.create(parcel.record)
            raise
        return None

    def _load(self, session: Session, delivery_id: str, turn: int) -> Parcel | None:
        delivery = session.get(DeliveryRow, delivery_id)
        if delivery is None or delivery.turn != turn or delivery.state not in ("pending", "parked"):
            return None
        ticket = _required(session.get(TicketRow, delivery.ticket_id))
        if delivery.kind == "event":
            return Parcel(delivery=delivery, ticket=ticket)
        if delivery.comment_id is None:
            record = self._record(session, ticket, ticket.response_id)
            return Parcel(delivery=delivery, ticket=ticket, record=record)
        comment = _required(session.get(TicketCommentRow, delivery.comment_id))
        if comment.response_id is None:
            return Parcel(delivery=delivery, ticket=ticket, comment=comment.text)
        record = self._record(session, ticket, comment.response_id)
        return Parcel(
            delivery=delivery, ticket=ticket, comment=comment.text, record=replace(record, key=comment.id)
        )

    def _record(self, session: Session, ticket: TicketRow, response_id: str) -> CaseRecord:
        return _case_record(session, ticket, response_id, self._link(ticket))

    def _link(self, ticket: TicketRow) -> str:
        return ticket_url(self._public_url, ticket.key) if self._public_url else ""


def _case_record(session: Session, ticket: TicketRow, response_id: str, link: str) -> CaseRecord:
    """The case for a stored ticket, from the response that opened it or joined it."""
    response = _required(session.get(ResponseRow, response_id))
    decision = Decision(
        queue=ticket.queue,
        system=cast(System, ticket.system),
        intended_system=cast(System, ticket.intended_system),
        priority=cast(Priority, ticket.priority),
        due_at=ticket.due_at,
        subject=ticket.subject,
        reasons=tuple(ticket.reasons),
    )
    return build(
        key=ticket.key,
        response=to_response(response),
        finding=findings_of(session, [response_id]).get(response_id),
        decision=decision,
        link=link,
    )


def _required(value: T | None) -> T:
    if value is None:
        raise LookupError("a delivery refers to a row that is not there")
    return value
