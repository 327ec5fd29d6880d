"""How an attempt ended, written in one transaction with what follows from it.

The transaction begins by raising the delivery's turn. Whoever finds it raised already
lost a race against a twin of the same job, and writes nothing.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from triage.db import Database
from triage.delivery.circuit import Circuit, CircuitPolicy, after_failure, after_success
from triage.delivery.failure import DeliveryError
from triage.delivery.retry import Decision, GiveUp, Park, RetryPolicy, decide
from triage.jobs.outbox import WAITING, Outbox
from triage.ports import Clock
from triage.tables import AttemptRow, DeliveryRow, SystemRow, TicketRow
from triage.types import RemoteCase

_ALIVE = ("pending", "parked")
_SPREAD = 2.0
"""Seconds over which tickets return after a pause, so that they do not come as one wave."""
_log = logging.getLogger(__name__)


class Settlement:
    """Writes down how turns ended. Thread-safe."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        clock: Clock,
        *,
        replica: str,
        policy: RetryPolicy,
        circuits: CircuitPolicy,
        circuit_changed: Callable[[str, Circuit], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`circuit_changed` is told (after commit) of a system that was parked or has come back."""
        self._database = database
        self._outbox = outbox
        self._clock = clock
        self._replica = replica
        self._policy = policy
        self._circuits = circuits
        self._circuit_changed = circuit_changed
        self._jitter = jitter

    def delivered(self, delivery: DeliveryRow, case: RemoteCase | None, note: dict[str, Any]) -> None:
        """It arrived; `case` is the remote case that was created or found."""
        now = self._clock.now()
        with self._database.write() as session:
            row = _claim(session, delivery)
            if row is None:
                return
            row.state, row.finished_at, row.error = "delivered", now, None
            self._store(session, row, note, outcome="delivered")
            self._update_ticket(session, row, now, case=case)
            circuit = _change_circuit(session, row.system, lambda c: after_success(c, now))
        self._tell(delivery.system, circuit)

    def failed(self, delivery: DeliveryRow, error: DeliveryError, note: dict[str, Any]) -> None:
        """It did not: wait and enqueue the next turn, or leave it to a person."""
        now = self._clock.now()
        decision = self._decide(delivery, error, now)
        with self._database.write() as session:
            row = _claim(session, delivery)
            if row is None:
                return
            row.error = str(error)
            self._store(session, row, note, outcome=error.kind.value)
            if isinstance(decision, GiveUp):
                row.state, row.finished_at = "failed", now
                _log.error("delivery %s (%s) waits for a person: %s", row.id, row.system, error.kind)
            else:
                row.state = "parked" if isinstance(decision, Park) else "pending"
                self._again(session, row, now + timedelta(seconds=decision.after))
            self._update_ticket(session, row, now)
            circuit = _change_circuit(
                session,
                row.system,
                lambda c: after_failure(
                    c, error.kind, decision, now, words=str(error), policy=self._circuits
                ),
            )
        self._tell(delivery.system, circuit)

    def postpone(self, delivery: DeliveryRow, until: datetime) -> None:
        """No attempt now: the system is parked."""
        now = self._clock.now()
        with self._database.write() as session:
            row = _claim(session, delivery)
            if row is not None:
                row.state = "parked"
                self._again(session, row, until + timedelta(seconds=self._jitter() * _SPREAD))
                self._update_ticket(session, row, now)

    def wait_for_case(self, delivery: DeliveryRow) -> None:
        """No attempt now: the case that this comment belongs to is not there yet."""
        with self._database.write() as session:
            # The ticket first, as whoever writes down that its case is there holds it too.
            query = select(TicketRow).where(TicketRow.id == delivery.ticket_id).with_for_update()
            ticket = session.exec(query).one()
            row = _claim(session, delivery)
            if row is not None:
                row.state = WAITING
                session.add(row)
                session.flush()
                if ticket.remote_id is not None:
                    self._outbox.release(session, ticket)

    def _decide(self, delivery: DeliveryRow, error: DeliveryError, now: datetime) -> Decision:
        return decide(
            error.kind,
            attempt=delivery.attempts + 1,
            age=(now - delivery.created_at).total_seconds(),
            jitter=self._jitter(),
            retry_after=error.retry_after,
            policy=self._policy,
        )

    def _store(self, session: Session, row: DeliveryRow, note: dict[str, Any], *, outcome: str) -> None:
        row.attempts += 1
        session.add(row)
        session.add(
            AttemptRow(
                delivery_id=row.id, number=row.attempts, outcome=outcome, replica=self._replica, **note
            )
        )

    def _again(self, session: Session, row: DeliveryRow, at: datetime) -> None:
        ticket = session.get(TicketRow, row.ticket_id)
        self._outbox.schedule(session, row, ticket.priority if ticket else "normal", at=at)

    def _update_ticket(
        self, session: Session, row: DeliveryRow, now: datetime, *, case: RemoteCase | None = None
    ) -> None:
        ticket = session.get(TicketRow, row.ticket_id)
        if ticket is None or (row.kind == "event" and row.state != "failed" and ticket.error is None):
            # An event that goes its way changes nothing about its ticket.
            return
        session.flush()
        delivery, ticket.error = _standing(session, ticket.id)
        if row.kind == "event":
            session.add(ticket)
            return
        ticket.delivery = delivery
        ticket.updated_at = now
        if case is not None:
            ticket.remote_id, ticket.remote_url, ticket.delivered_at = case.id, case.url, now
            if row.kind == "comment":
                # The old case was closed, and the customer's new words opened another.
                ticket.status, ticket.resolved_at, ticket.resolution = "open", None, None
        session.add(ticket)
        if row.kind == "case" and row.state == "delivered":
            session.flush()
            self._outbox.release(session, ticket)
            self._outbox.announce(session, ticket.id, "ticket.delivered")

    def _tell(self, system: str, circuit: Circuit | None) -> None:
        if circuit is not None:
            self._circuit_changed(system, circuit)


def read_circuit(session: Session, system: str) -> Circuit:
    """How a system is doing."""
    row = session.get(SystemRow, system)
    return _circuit(row) if row else Circuit()


def _circuit(row: SystemRow) -> Circuit:
    return Circuit(
        failures=row.failures,
        trips=row.trips,
        parked_until=row.parked_until,
        asked=row.asked,
        reason=row.reason,
    )


def _claim(session: Session, delivery: DeliveryRow) -> DeliveryRow | None:
    """Raise the turn; None where another run of this job was first."""
    mine = session.execute(
        update(DeliveryRow)
        .where(
            col(DeliveryRow.id) == delivery.id,
            col(DeliveryRow.turn) == delivery.turn,
            col(DeliveryRow.state).in_(_ALIVE),
        )
        .values(turn=delivery.turn + 1)
        .returning(col(DeliveryRow.id))
    ).first()
    return session.get(DeliveryRow, delivery.id) if mine else None


def _change_circuit(session: Session, system: str, change: Callable[[Circuit], Circuit]) -> Circuit | None:
    """Change a system's circuit; None where it stays as it is, which takes no lock."""
    before = read_circuit(session, system)
    if change(before) == before:
        return None
    query = select(SystemRow).where(SystemRow.system == system)
    row = session.exec(query.with_for_update().execution_options(populate_existing=True)).one()
    after = change(_circuit(row))
    for name, value in asdict(after).items():
        setattr(row, name, value)
    session.add(row)
    return after


def _standing(session: Session, ticket_id: str) -> tuple[str, str | None]:
    """Of a ticket: failed where anything failed, otherwise how its case is doing; and the error to show.

    An event that failed shows in the error alone: its case is where it should be.
    """
    everything = session.exec(select(DeliveryRow).where(DeliveryRow.ticket_id == ticket_id)).all()
    # What waits must not hide why something failed.
    rows = sorted((row for row in everything if row.event is None), key=lambda row: row.state != "failed")
    unheard = (
        f"{row.event['type']}: {row.error}" for row in everything if row.event and row.state == "failed"
    )
    error = next((row.error for row in rows if row.error), None) or next(unheard, None)
    if rows and rows[0].state == "failed":
        return "failed", error
    return next((row.state for row in rows if row.kind == "case"), "delivered"), error
