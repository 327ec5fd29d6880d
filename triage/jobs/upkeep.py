"""What keeps delivery going, in one thread of each replica.

Each second:     queues are opened or closed as their system's circuit says
Each heartbeat:  this replica says that it lives; one replica (whoever gets the lock)
                 hands the jobs of dead replicas to the living, and starts again what lost its job
Each poll:       the ticket systems are asked what changed there
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, or_, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from triage.db import Database
from triage.delivery.circuit import Circuit
from triage.delivery.failure import DeliveryError
from triage.errors import without_words
from triage.jobs.engine import Engine
from triage.jobs.gate import PATIENCE, Gate, Pace
from triage.jobs.outbox import Outbox
from triage.jobs.settle import read_circuit
from triage.ports import Clock, TicketSystem
from triage.settings import DeliverySettings
from triage.tables import DeliveryRow, ReplicaRow, SystemRow, TicketRow
from triage.tickets.lifecycle import follow_remote
from triage.types import System

_TICK_SECONDS = 1.0
CLAIMED = 8
"""How many jobs are claimed at once for each that runs: a poll's worth."""
_LOST_AFTER = timedelta(minutes=5)
"""A delivery this long overdue is looked at: does its job still exist?"""
_PAGE = 200
"""How many of those are looked at in one heartbeat."""
_FROM_THE_START = (datetime(2000, 1, 1, tzinfo=UTC), "")
_KEEP_JOBS = timedelta(days=2)
_HEAL_LOCK = 7_273_110_453_211  # a number of our own, as in migrations/env.py

_EMPTY: dict[str, object] = {"failures": 0, "trips": 0, "asked": False, "reason": ""}

_log = logging.getLogger(__name__)


class Upkeep:
    """The upkeep of one replica."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        outbox: Outbox,
        systems: Mapping[System, TicketSystem],
        queues: tuple[str, ...],
        clock: Clock,
        settings: DeliverySettings,
        replica: str,
    ) -> None:
        self.more: dict[str, tuple[float, Callable[[], object]]] = {}
        """What else to do every so many seconds, by name."""
        self._database = database
        self._engine = engine
        self._outbox = outbox
        self._systems = systems
        self._queues = queues
        self._clock = clock
        self._settings = settings
        self._replica = replica
        self._slots = dict.fromkeys(queues, CLAIMED * settings.workers)
        self.pace = Pace(settings.busy_per_second)
        self.gates = {queue: Gate(settings.workers, self.pace) for queue in queues}
        """What the jobs of each queue pass, a few at once."""
        self._slots_lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="triage-upkeep", daemon=True)
        self._due: dict[str, float] = {}
        self._looked_at = _FROM_THE_START

    def announce(self) -> None:
        """Note this replica and its systems: before its first job, lest the others think it dead."""
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        rows = [_EMPTY | {"system": system, "read_until": self._clock.now()} for system in self._queues]
        with self._database.write() as session:
            # Replicas start together: whoever is second finds the rows there.
            if rows:
                session.execute(insert(SystemRow).on_conflict_do_nothing(), rows)
        self.beat()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._stop.set()
        for gate in self.gates.values():
            gate.hurry()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def follow(self, system: str, circuit: Circuit) -> None:
        """Bring a queue in line with its system's circuit."""
        now = self._clock.now()
        pause = (circuit.parked_until - now).total_seconds() if circuit.parked_until else 0.0
        after = circuit.slots(self._settings.workers, circuit.parked_until or now)
        self.gates[system].set(after, pause=max(pause, 0.0))
        # The gate waits through a short pause: the queue of all replicas stays as it is.
        claimed = 0 if pause > PATIENCE else 1 if circuit.trips else CLAIMED * self._settings.workers
        with self._slots_lock:
            if self._slots.get(system) != claimed:
                self._engine.set_slots(system, claimed)
                self._slots[system] = claimed

    def circuits(self) -> None:
        """Bring every queue in line with its system's circuit, which any replica may have changed."""
        with self._database.read() as session:
            circuits = {system: read_circuit(session, system) for system in self._queues}
        for system, circuit in circuits.items():
            self.follow(system, circuit)

    def beat(self) -> None:
        """Say that this replica lives."""
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        now = self._clock.now()
        row = insert(ReplicaRow).values(id=self._replica, seen_at=now)
        with self._database.write() as session:
            session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))

    def heal(self) -> int:
        """Take over what dead replicas left and start lost deliveries again; return how many."""
        with self._alone() as session:
            if session is None:
                return 0
            alive_since = self._clock.now() - timedelta(seconds=self._settings.silent_after_seconds)
            query = select(ReplicaRow.id).where(col(ReplicaRow.seen_at) >= alive_since)
            dead = self._engine.busy_replicas() - {*session.exec(query).all(), self._replica}
        healed = self._engine.take_over(dead) if dead else 0
        if healed:
            _log.warning("took over %d deliveries of silent replicas: %s", healed, ", ".join(sorted(dead)))
        return healed + self._restart_lost()

    def _restart_lost(self) -> int:
        """Enqueue anew what waits without a job: its last one ended in an error of our own.

        A page each time, from where the last one ended: a long queue is looked at as a whole, but never
        all at once.
        """
        page = self._overdue()
        self._looked_at = (page[-1].next_at, page[-1].id) if len(page) == _PAGE else _FROM_THE_START
        active = self._engine.active((row.id, row.turn) for row in page)
        lost = [row for row in page if (row.id, row.turn) not in active]
        for row in lost:
            self._restart(row)
        return len(lost)

    def _overdue(self) -> Sequence[DeliveryRow]:
        at, last_id = self._looked_at
        same_moment = and_(col(DeliveryRow.next_at) == at, col(DeliveryRow.id) > last_id)
        query = (
            select(DeliveryRow)
            .where(
                col(DeliveryRow.state).in_(("pending", "parked")),
                col(DeliveryRow.next_at) < self._clock.now() - _LOST_AFTER,
                col(DeliveryRow.system).in_(self._queues),
                or_(col(DeliveryRow.next_at) > at, same_moment),
            )
            .order_by(col(DeliveryRow.next_at), col(DeliveryRow.id))
            .limit(_PAGE)
        )
        with self._database.read() as session:
            return session.exec(query).all()

    def _restart(self, seen: DeliveryRow) -> None:
        with self._database.write() as session:
            query = select(DeliveryRow).where(DeliveryRow.id == seen.id, DeliveryRow.turn == seen.turn)
            row = session.exec(query.with_for_update()).first()
            ticket = session.get(TicketRow, seen.ticket_id)
            if row and ticket:
                row.turn += 1
                self._outbox.schedule(session, row, ticket.priority, at=self._clock.now())
                _log.warning("delivery %s had lost its job and starts again", row.id)

    def read_back(self) -> int:
        """Ask every system what changed since last time; return how many tickets moved."""
        return sum(self._read_back(name, system) for name, system in self._systems.items())

    def _read_back(self, name: System, system: TicketSystem) -> int:
        now = self._clock.now()
        with self._database.read() as session:
            row = session.get(SystemRow, name)
            parked = read_circuit(session, name).parked(now)
        since = (row and row.read_until) or now
        if parked or now - since < timedelta(seconds=self._settings.poll_seconds / 2):
            # The second: another replica asked a moment ago.
            return 0
        try:
            changes = system.changes(since)
        except DeliveryError as error:
            # Reading is repeated from the same moment; sending decides whether the system is down.
            _log.warning("%s could not be asked for changes: %s", name, error.kind)
            return 0
        # In one order, so that two replicas with the same news never wait for each other in a ring.
        states = sorted(changes.states, key=lambda state: state.id)
        with self._database.write() as session:
            moved = sum(follow_remote(session, name, state, self._outbox, now) for state in states)
            row = session.get_one(SystemRow, name)
            row.read_until = max(row.read_until or since, changes.covered_until)
            session.add(row)
        return moved

    def tidy(self) -> None:
        """Delete finished jobs; the attempts stay."""
        before = (self._clock.now() - _KEEP_JOBS).isoformat()
        while self._engine.forget(before) and not self._stop.is_set():
            pass

    @contextmanager
    def _alone(self) -> Iterator[Session | None]:
        """A transaction that only one replica at a time gets; None for the others. SQLite has one."""
        if self._database.is_sqlite:
            with self._database.read() as session:
                yield session
            return
        with self._database.write() as session:
            mine = session.execute(
                text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _HEAL_LOCK}
            ).scalar()
            yield session if mine else None

    def _loop(self) -> None:
        steps: dict[str, tuple[float, Callable[[], object]]] = {
            "circuits": (_TICK_SECONDS, self.circuits),
            "beat": (self._settings.heartbeat_seconds, self.beat),
            "heal": (self._settings.heartbeat_seconds, self.heal),
            "read_back": (self._settings.poll_seconds, self.read_back),
            "tidy": (3600.0, self.tidy),
        } | self.more
        waited = 0.0
        while not self._stop.wait(_TICK_SECONDS):
            waited += _TICK_SECONDS
            for name, (every, step) in steps.items():
                if waited >= self._due.get(name, every):
                    self._due[name] = waited + every
                    self._guarded(name, step)

    def _guarded(self, name: str, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:
            # A database that is away for a moment must not end the upkeep.
            _log.error("upkeep (%s) failed: %s", name, without_words(error))
