"""DBOS Transact behind a port of our own: durable queues in the service's database."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from itertools import groupby
from types import MappingProxyType

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from triage.jobs.gate import Gate

APPLICATION = "feedback-triage"
VERSION = "1"
"""Of the jobs' arguments. The default, a hash of the source, strands old jobs at each release."""
DELIVER, SEND, ROUND = "deliver", "send", "round"
"""The kinds of work: a delivery, a message of an invitation, a round of invitations."""
_POOL = 24
"""More than all workers: each holds a connection while DBOS writes its outcome."""
_POLL_SECONDS = 0.25

_JSON = DBOSPortableJSONSerializer()
"""The default one is pickle: who can write to the database could run code here."""

Run = Callable[[str, int], None]
"""Does one turn of a piece of work: its id, and the turn."""

_runs: dict[str, Run] = {}
_gates: dict[str, Gate] = {}


def _register(kind: str) -> None:
    # DBOS keeps one registry a process, so the workflows are plain functions and the
    # engine that is launched says in `_runs` what they do. Jobs of an earlier release name no queue.
    def work(item_id: str, turn: int, queue: str = "") -> None:
        if kind not in _runs:
            raise RuntimeError(f"a job ({kind}) ran in a process that does no such work")
        gate = _gates.get(queue)
        with gate.turn() if gate else nullcontext():
            _runs[kind](item_id, turn)

    DBOS.workflow(name=kind, max_recovery_attempts=None)(work)


for _kind in (DELIVER, SEND, ROUND):
    _register(_kind)


class Engine:
    """Durable queues. One a process."""

    def __init__(self, url: str, replica: str) -> None:
        """Bring DBOS's tables up to date in the database at `url`; nothing runs yet."""
        self._replica = replica
        self._sql = _sql_engine(url)
        self._launched = False
        logging.getLogger("dbos").setLevel(logging.WARNING)
        DBOS.migrate(url)
        self._client = DBOSClient(
            system_database_engine=self._sql,
            serializer=_JSON,
            application_name=APPLICATION,
            lazy=True,
        )

    def enqueue(
        self,
        session: Session,
        queue: str,
        item_id: str,
        turn: int,
        *,
        kind: str = DELIVER,
        delay: float = 0.0,
        priority: int = 3,
    ) -> None:
        """Enqueue a turn in `session`'s transaction. The same turn twice is one job.

        Args:
            delay: Seconds before which it does not run.
            priority: 1 runs before 2, and so on.
        """
        options = EnqueueOptions(
            workflow_name=kind,
            queue_name=queue,
            workflow_id=_job_id(item_id, turn),
            app_version=VERSION,
            priority=priority,
        )
        if delay > 0:
            options["delay_seconds"] = delay
        self._client.enqueue_in_transaction(session, options, item_id, turn, queue)

    def start(
        self,
        runs: Mapping[str, Run],
        slots: Mapping[str, int],
        gates: Mapping[str, Gate] = MappingProxyType({}),
    ) -> None:
        """Do the work, first what was left unfinished.

        Args:
            runs: Kind -> work.
            slots: Queue -> jobs claimed at once.
            gates: Queue -> what its jobs pass one by one, where fewer should run than are claimed.
        """
        _runs.update(runs)
        _gates.update(gates)
        config = DBOSConfig(
            name=APPLICATION,
            system_database_engine=self._sql,
            application_version=VERSION,
            executor_id=self._replica,
            serializer=_JSON,
            log_level="WARNING",
        )
        try:
            DBOS(config=config)
            DBOS.listen_queues(list(slots))
            DBOS.launch()
            for queue, at_once in slots.items():
                self.set_slots(queue, at_once)
        except Exception:
            # A half-launched DBOS can be neither used nor launched again.
            DBOS.destroy()
            raise
        self._launched = True

    def stop(self) -> None:
        """Let running jobs finish for a few seconds; what does not is taken up at the next start."""
        if self._launched:
            DBOS.destroy(workflow_completion_timeout_sec=5)
        self._client.destroy()
        self._sql.dispose()

    def set_slots(self, queue: str, at_once: int) -> None:
        """Let each replica claim so many jobs of `queue` at once; 0 parks it. Kept in the database."""
        self._client.register_queue(queue, worker_concurrency=at_once, polling_interval_sec=_POLL_SECONDS)

    def busy_replicas(self) -> set[str]:
        """The replicas that have jobs under way."""
        jobs = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        return {job.executor_id for job in jobs if job.executor_id}

    def take_over(self, replicas: Iterable[str]) -> int:
        """Put the unfinished jobs of dead replicas back into their queues; return how many."""
        jobs = self._client.list_workflows(
            status="PENDING", executor_id=list(replicas), load_input=False, load_output=False
        )
        by_queue = sorted(((job.queue_name or "", job.workflow_id) for job in jobs), key=lambda job: job[0])
        for queue, group in groupby(by_queue, key=lambda job: job[0]):
            self._client.resume_workflows([job_id for _, job_id in group], queue_name=queue or None)
        return len(jobs)

    def active(self, turns: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of `turns` (of deliveries) whose job waits or runs."""
        by_job = {_job_id(*turn): turn for turn in turns}
        if not by_job:
            return set()
        jobs = self._client.list_workflows(workflow_ids=[*by_job], load_input=False, load_output=False)
        return {by_job[job.workflow_id] for job in jobs if job.status in ("ENQUEUED", "DELAYED", "PENDING")}

    def forget(self, before: str, limit: int = 500) -> int:
        """Delete up to `limit` jobs that ended before a moment (ISO 8601); return how many."""
        jobs = self._client.list_workflows(
            status=["SUCCESS", "ERROR"],
            completed_before=before,
            limit=limit,
            load_input=False,
            load_output=False,
        )
        if jobs:
            self._client.delete_workflows([job.workflow_id for job in jobs])
        return len(jobs)


def _job_id(item_id: str, turn: int) -> str:
    return f"{item_id}-{turn}"


def _sql_engine(url: str) -> SqlEngine:
    parsed = make_url(url)
    engine = create_engine(parsed, pool_size=_POOL, max_overflow=0, pool_timeout=30, hide_parameters=True)
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: object, _record: ConnectionPoolEntry) -> None:
    # The driver then begins a transaction at the first write, and takes the write lock with
    # it: DBOS reads before it writes only in statements of their own.
    connection.isolation_level = "IMMEDIATE"  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]
