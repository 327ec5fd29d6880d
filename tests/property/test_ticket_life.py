"""No path through a ticket's life loses it, opens two cases for one key, or leaves a job without a ticket.

A state machine drives the real outbox, courier, settlement and life cycle over SQLite, with
the durable queue and the remote system in memory: jobs run in any order, twice, beside each
other or half; the remote fails in every way it can, also after it has stored the case.
"""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event
from sqlmodel import Session, select

from models.stub import StubPredictor
from triage.db import Database
from triage.delivery.circuit import CircuitPolicy
from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.retry import RetryPolicy
from triage.errors import Conflict
from triage.intake import Intake, Routing
from triage.jobs.courier import Courier
from triage.jobs.outbox import Outbox
from triage.jobs.settle import Settlement
from triage.migrations import upgrade
from triage.routing import load_rules
from triage.tables import DeliveryRow, ResponseRow, SystemRow, TicketCommentRow, TicketRow
from triage.tickets.lifecycle import Change, change, follow_remote
from triage.types import CaseRecord, Customer, RemoteCase, RemoteState, SurveyResponse


@dataclass
class Clock:
    moment: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@dataclass
class Queue:
    """The durable queue, in memory: what a transaction enqueues is there once it has committed."""

    clock: Clock
    jobs: dict[tuple[str, int], datetime] = field(default_factory=dict)
    """(delivery, turn) -> not before."""

    def enqueue(
        self,
        session: Session,
        queue: str,
        delivery_id: str,
        turn: int,
        *,
        delay: float = 0,
        priority: int = 3,
    ) -> None:
        ready = self.clock.now() + timedelta(seconds=delay)

        @event.listens_for(session, "after_commit", once=True)
        def committed(_: Session) -> None:
            self.jobs.setdefault((delivery_id, turn), ready)

    def ready(self) -> list[tuple[str, int]]:
        return sorted(job for job, at in self.jobs.items() if at <= self.clock.now())


@dataclass
class Remote:
    """A ticket system that keeps one case a key, and fails as it is told."""

    name = "dynamics"
    cases: dict[str, str] = field(default_factory=dict)
    """Key -> id."""
    closed: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)
    next_failure: Kind | None = None
    stored_first: bool = False
    between: Callable[[], None] | None = None
    """What happens after the case is stored and before the answer arrives."""

    def create(self, record: CaseRecord) -> RemoteCase:
        self._fail(before=True)
        case_id = self.cases.setdefault(record.key, f"case-{len(self.cases)}")
        self._fail(before=False)
        return RemoteCase(id=case_id)

    def comment(self, case_id: str, key: str, text: str) -> None:
        self._fail(before=True)
        if case_id in self.closed:
            raise DeliveryError(Kind.CLOSED, "closed")
        self.comments.setdefault(key, text)
        self._fail(before=False)

    def _fail(self, *, before: bool) -> None:
        if not before and (between := self.between):
            self.between = None
            between()
        kind = self.next_failure
        if kind and before != (self.stored_first and kind is Kind.NETWORK):
            self.next_failure = None
            raise DeliveryError(kind, "as told", retry_after=30.0 if kind is Kind.THROTTLED else None)


class Killed(BaseException):
    """The process died here."""


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp()) / "template.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database.engine)
    with database.write() as session:
        session.add(SystemRow(system="dynamics"))
        session.add(SystemRow(system="events"))
    database.close()
    return path


class TicketLife(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "triage.db"
        shutil.copy(_template(), path)
        self.database = Database(f"sqlite:///{path}")
        self.clock = Clock()
        self.queue = Queue(self.clock)
        self.remote = Remote()
        systems: Any = {"dynamics": self.remote}
        self.outbox = Outbox(self.queue, frozenset(systems), self.clock, announces=False)  # type: ignore[arg-type]
        settlement = Settlement(
            self.database,
            self.outbox,
            self.clock,
            replica="test",
            policy=RetryPolicy(),
            circuits=CircuitPolicy(threshold=3),
            circuit_changed=lambda *_: None,
            jitter=lambda: 0.5,
        )
        self.courier = Courier(self.database, systems, None, settlement, self.clock, public_url=None)
        predictor = StubPredictor()
        routing = Routing(rules=load_rules(None), systems=frozenset({"inbox", "dynamics"}), jobs=self.outbox)
        self.intake = Intake(self.database, lambda: predictor, routing, self.clock)
        self.posted = 0

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.remote.next_failure = None
            self._drain()
            self._retry_all()
            self._drain()
            left = [d for d in self.deliveries() if d.state != "delivered" and not self._cannot_arrive(d)]
            self.database.close()
            self.folder.cleanup()
            assert left == [], "something did not arrive although nothing fails any more"

    # What happens

    @rule(customer=st.integers(0, 2), order=st.integers(0, 2))
    def a_customer_asks(self, customer: int, order: int) -> None:
        self.posted += 1
        response = SurveyResponse(
            external_id=f"r{self.posted}",
            comment=f"{self.posted}: when is the delivery?",
            country="IT",
            customer=Customer(id=f"c{customer}"),
            attributes={"order": str(order)} if order else {},
        )
        receipt = self.intake.accept("test", response)
        assert receipt.ticket is not None

    @rule(data=st.data(), kind=st.none() | st.sampled_from(Kind), stored_first=st.booleans())
    def a_job_runs(self, data: st.DataObject, kind: Kind | None, stored_first: bool) -> None:
        if job := self._choose(data):
            self.remote.next_failure, self.remote.stored_first = kind, stored_first
            self._run(job)

    @rule(data=st.data())
    def two_runs_of_one_job_overlap(self, data: st.DataObject) -> None:
        if job := self._choose(data):
            self.remote.between = lambda: self.courier.run(*job)
            self._run(job)
            self.remote.between = None

    @rule(data=st.data())
    def the_process_dies_after_the_case_is_stored(self, data: st.DataObject) -> None:
        def die() -> None:
            raise Killed

        if job := self._choose(data):
            self.remote.between = die
            with suppress(Killed):
                self.courier.run(*job)
            # The engine runs an unfinished job again: it stays.
            self.remote.between = None

    @rule(data=st.data())
    def an_old_job_runs_again(self, data: st.DataObject) -> None:
        if rows := self.deliveries():
            row = data.draw(st.sampled_from(rows))
            self.courier.run(row.id, max(row.turn - 1, 0))

    @rule(seconds=st.sampled_from([1, 10, 60, 1000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.moment += timedelta(seconds=seconds)

    @rule(data=st.data())
    def an_agent_resolves_the_case_there(self, data: st.DataObject) -> None:
        tickets = [t for t in self.tickets() if t.remote_id]
        if tickets:
            ticket = data.draw(st.sampled_from(tickets))
            self.remote.closed.add(str(ticket.remote_id))

    @precondition(lambda self: self.remote.closed)
    @rule(data=st.data())
    def we_read_back(self, data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(sorted(self.remote.closed)))
        state = RemoteState(
            id=case, key="", status="resolved", changed_at=self.clock.now(), resolution="done"
        )
        with self.database.write() as session:
            follow_remote(session, "dynamics", state, self.outbox, self.clock.now())

    @rule(data=st.data(), wanted=st.sampled_from(["comment", "status", "not_a_request"]))
    def an_agent_acts_here(self, data: st.DataObject, wanted: str) -> None:
        if tickets := self.tickets():
            ticket = data.draw(st.sampled_from(tickets))
            value = {"comment": "hello", "status": "resolved", "not_a_request": True}[wanted]
            act = Change(author="eva", **{wanted: value})  # type: ignore[arg-type]
            with suppress(Conflict), self.database.write() as session:
                change(session, ticket.id, act, self.outbox, self.clock.now())

    @rule()
    def somebody_sends_failures_again(self) -> None:
        self._retry_all()

    # What must hold whenever nothing runs

    @invariant()
    def every_waiting_delivery_has_its_job(self) -> None:
        if hasattr(self, "database"):
            for row in self.deliveries():
                if row.state in ("pending", "parked"):
                    assert (row.id, row.turn) in self.queue.jobs

    @invariant()
    def a_comment_waits_only_for_a_case_that_is_to_come(self) -> None:
        if hasattr(self, "database"):
            rows = self.deliveries()
            to_come = {d.ticket_id for d in rows if d.kind == "case" and d.state != "delivered"}
            assert {d.ticket_id for d in rows if d.state == "waiting"} <= to_come

    @invariant()
    def every_job_has_its_delivery_and_ticket(self) -> None:
        if hasattr(self, "database"):
            tickets = {t.id for t in self.tickets()}
            deliveries = {d.id: d.ticket_id for d in self.deliveries()}
            assert all(deliveries[job] in tickets for job, _ in self.queue.jobs)

    @invariant()
    def every_response_has_a_ticket_or_joined_one(self) -> None:
        if hasattr(self, "database"):
            with self.database.read() as session:
                responses = set(session.exec(select(ResponseRow.id)))
                opened = set(session.exec(select(TicketRow.response_id)))
                joined = set(session.exec(select(TicketCommentRow.response_id))) - {None}
            assert responses == opened | joined
            assert not opened & joined

    @invariant()
    def every_case_is_a_tickets_or_a_comments(self) -> None:
        if hasattr(self, "database"):
            with self.database.read() as session:
                keys = set(session.exec(select(TicketRow.key))) | set(
                    session.exec(select(TicketCommentRow.id))
                )
            assert set(self.remote.cases) <= keys
            delivered = [t for t in self.tickets() if t.delivery == "delivered"]
            assert all(t.remote_id in self.remote.cases.values() for t in delivered)

    # Helpers

    def tickets(self) -> list[TicketRow]:
        with self.database.read() as session:
            return list(session.exec(select(TicketRow).order_by(TicketRow.id)))

    def deliveries(self) -> list[DeliveryRow]:
        with self.database.read() as session:
            return list(session.exec(select(DeliveryRow).order_by(DeliveryRow.id)))

    def _cannot_arrive(self, delivery: DeliveryRow) -> bool:
        """An agent's comment on a case that was closed: the customer's own words open a new one."""
        with self.database.read() as session:
            comment = session.get(TicketCommentRow, delivery.comment_id) if delivery.comment_id else None
        return bool(comment and comment.response_id is None and delivery.error == "closed")

    def _choose(self, data: st.DataObject) -> tuple[str, int] | None:
        ready = self.queue.ready()
        return data.draw(st.sampled_from(ready)) if ready else None

    def _run(self, job: tuple[str, int]) -> None:
        self.courier.run(*job)
        self.queue.jobs.pop(job, None)
        self.remote.next_failure = None

    def _retry_all(self) -> None:
        with self.database.write() as session:
            for ticket in session.exec(select(TicketRow)).all():
                self.outbox.retry(session, ticket.id)

    def _drain(self) -> None:
        for _ in range(60):
            self.clock.moment += timedelta(seconds=1000)
            for job in self.queue.ready():
                self._run(job)
            if not self.queue.jobs:
                return
        raise AssertionError("jobs without end")


TicketLife.TestCase.settings = settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestTicketLife = pytest.mark.slow(TicketLife.TestCase)
