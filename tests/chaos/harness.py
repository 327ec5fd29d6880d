"""Posts, kills, faults, an outage; then counts what arrived where."""

import random
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

import httpx
from sqlmodel import func, select

from tests.chaos.replica import API_KEY, Replica
from tests.fakes.dynamics import FakeDynamics
from tests.fakes.receiver import SECRET, FakeReceiver
from tests.fakes.service_cloud import FakeServiceCloud
from triage.db import Database
from triage.tables import AttemptRow, DeliveryRow, ResponseRow, TicketRow

FAULTS = {"unavailable": 0.15, "throttled": 0.07, "drop_after": 0.10, "expired_token": 0.01}
_COUNTRIES = ("IT", "GB")  # by the default rules: Dynamics, Service Cloud


@dataclass(frozen=True, kw_only=True)
class Plan:
    responses: int
    kills: int
    outage_seconds: float
    replicas: int = 2
    posts_per_second: float = 25.0
    faults: dict[str, float] = field(default_factory=lambda: FAULTS)
    drain_limit: float = 180.0
    seed: int = 1


@dataclass
class Report:
    database: str
    replicas: int
    kills: int = 0
    accepted: int = 0
    refused_or_lost_posts: int = 0
    """Posts that were not answered, and were sent again."""
    responses_stored: int = 0
    tickets: int = 0
    cases_created: int = 0
    cases_missing: int = 0
    cases_doubled: int = 0
    wrong_remote_ids: int = 0
    attempts: int = 0
    answers_5xx: int = 0
    answers_429: int = 0
    answers_dropped: int = 0
    tokens_expired: int = 0
    early_calls_of_a_ticket: int = 0
    early_calls_to_a_system: int = 0
    deliveries_left: int = 0
    chaos_seconds: float = 0.0
    drained_seconds: float = 0.0

    def rows(self) -> list[tuple[str, str]]:
        return [
            (name.replace("_", " "), f"{value:.1f}" if isinstance(value, float) else str(value))
            for name, value in asdict(self).items()
        ]


class Chaos:
    def __init__(self, plan: Plan, database_url: str, folder: Path) -> None:
        self._plan = plan
        self._url = database_url
        self._folder = folder
        self._random = random.Random(plan.seed)
        self.dataverse, self.salesforce, self.receiver = FakeDynamics(), FakeServiceCloud(), FakeReceiver()
        self._systems: tuple[FakeDynamics | FakeServiceCloud, ...] = (self.dataverse, self.salesforce)
        self.replicas = [Replica(f"r{n}", folder, self._environment()) for n in range(plan.replicas)]
        self._todo: SimpleQueue[int] = SimpleQueue()
        self._accepted: set[int] = set()
        self._posting_over = threading.Event()
        self.report = Report(database=database_url.partition(":")[0], replicas=plan.replicas)

    def run(self) -> Report:
        with ExitStack() as stack:
            for fake in (*self._systems, self.receiver):
                stack.enter_context(fake.running())
            for replica in self.replicas:
                stack.callback(replica.stop)
                replica.start()
            for replica in self.replicas:
                replica.wait_ready()
            begin = time.monotonic()
            self._break_and_kill()
            self.report.chaos_seconds = time.monotonic() - begin
            self._drain()
            self._count()
        return self.report

    def _break_and_kill(self) -> None:
        for n, system in enumerate(self._systems):
            system.faults.shares(seed=self._plan.seed + n, **self._plan.faults)
        for number in range(self._plan.responses):
            self._todo.put(number)
        posters = [threading.Thread(target=self._post_all, daemon=True) for _ in range(8)]
        for poster in posters:
            poster.start()
        for kill in range(self._plan.kills):
            if kill == self._plan.kills // 3 and self._plan.outage_seconds:
                self.dataverse.faults.outage(self._plan.outage_seconds)
            time.sleep(self._random.uniform(0.3, 2.0))
            self._kill(kill)
        for poster in posters:
            poster.join()
        self._wait_for_calls()
        for system in self._systems:
            system.faults.clear()

    def _wait_for_calls(self) -> None:
        """Keep the faults until there were calls for them to befall: between kills there may be few."""
        end = time.monotonic() + self._plan.drain_limit
        while sum(len(s.seen) for s in self._systems) < self._plan.responses and time.monotonic() < end:
            time.sleep(0.1)

    def _kill(self, number: int) -> None:
        replica = self._random.choice(self.replicas)
        replica.kill()
        self.report.kills += 1
        # Now and then another one takes the place of the dead: its jobs are then for the healer.
        stranger = f"{replica.name}-{number}" if len(self.replicas) > 1 and number % 5 == 1 else None
        replica.start(stranger)
        replica.wait_ready()

    def _post_all(self) -> None:
        pace = 8 / self._plan.posts_per_second
        with httpx.Client(headers={"Authorization": f"Bearer {API_KEY}"}, timeout=30.0) as client:
            while True:
                try:
                    number = self._todo.get_nowait()
                except Empty:
                    return
                begin = time.monotonic()
                self._post(client, number)
                time.sleep(max(0.0, pace - (time.monotonic() - begin)))

    def _post(self, client: httpx.Client, number: int) -> None:
        body = {
            "external_id": f"chaos-{number}",
            "comment": f"The sofa is lovely but when is delivery number {number}?",
            "country": _COUNTRIES[number % 2],
            "score": 6,
            "customer": {"id": f"c{number}", "email": f"c{number}@example.org"},
        }
        while True:
            replica = random.choice(self.replicas)
            try:
                answer = client.post(f"{replica.url}/v1/responses", json=body)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code in (200, 201):
                self._accepted.add(number)
                return
            self.report.refused_or_lost_posts += 1
            time.sleep(0.1)

    def _drain(self) -> None:
        begin = time.monotonic()
        database = Database(self._url)
        while time.monotonic() - begin < self._plan.drain_limit:
            with database.read() as session:
                left = session.exec(
                    select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state != "delivered")
                ).one()
            if not left:
                break
            time.sleep(0.5)
        self.report.deliveries_left = left
        self.report.drained_seconds = time.monotonic() - begin
        database.close()

    def _count(self) -> None:
        report = self.report
        database = Database(self._url)
        with database.read() as session:
            tickets = session.exec(select(TicketRow)).all()
            report.responses_stored = session.exec(select(func.count()).select_from(ResponseRow)).one()
            report.attempts = session.exec(select(func.count()).select_from(AttemptRow)).one()
        database.close()
        created = Counter(key for system in self._systems for key in system.creates)
        where = {t.key: t.remote_id for t in tickets}
        remote = {c["new_feedbackkey"]: i for i, c in self.dataverse.incidents.items()}
        remote |= {c["Feedback_Key__c"]: i for i, c in self.salesforce.cases.items()}
        report.accepted = len(self._accepted)
        report.tickets = len(tickets)
        report.cases_created = created.total()
        report.cases_missing = sum(key not in created for key in where)
        report.cases_doubled = sum(n > 1 for n in created.values()) + sum(key not in where for key in created)
        report.wrong_remote_ids = sum(remote.get(key) != remote_id for key, remote_id in where.items())
        self._count_faults()

    def _count_faults(self) -> None:
        report = self.report
        faults = Counter(seen.fault for system in self._systems for seen in system.seen)
        report.answers_5xx = faults["unavailable"]
        report.answers_429 = faults["throttled"]
        report.answers_dropped = faults["drop_after"]
        report.tokens_expired = faults["expired_token"]
        report.early_calls_of_a_ticket = sum(s.pauses.early_of_same_key for s in self._systems)
        report.early_calls_to_a_system = sum(s.pauses.early for s in self._systems)

    def _environment(self) -> dict[str, str]:
        return {
            "TRIAGE_DATABASE_URL": self._url,
            "TRIAGE_DYNAMICS__URL": self.dataverse.url,
            "TRIAGE_DYNAMICS__AUTHORITY": self.dataverse.url,
            "TRIAGE_DYNAMICS__TENANT": self.dataverse.tenant,
            "TRIAGE_DYNAMICS__CLIENT_ID": self.dataverse.client_id,
            "TRIAGE_DYNAMICS__CLIENT_SECRET": self.dataverse.client_secret,
            "TRIAGE_DYNAMICS__CALLS_PER_SECOND": "0",
            "TRIAGE_SERVICE_CLOUD__LOGIN_URL": self.salesforce.url,
            "TRIAGE_SERVICE_CLOUD__CLIENT_ID": self.salesforce.client_id,
            "TRIAGE_SERVICE_CLOUD__CLIENT_SECRET": self.salesforce.client_secret,
            "TRIAGE_SERVICE_CLOUD__CALLS_PER_SECOND": "0",
            "TRIAGE_WEBHOOK__URL": self.receiver.url,
            "TRIAGE_WEBHOOK__SECRET": SECRET,
            "TRIAGE_DELIVERY__HEARTBEAT_SECONDS": "1",
            "TRIAGE_DELIVERY__SILENT_AFTER_SECONDS": "10",
        }


def faults_of(report: Report, *, drain_seconds: float = 60.0) -> list[str]:
    """What the report says against the service; empty where all went well."""
    checks = {
        "an accepted response is missing or doubled": report.responses_stored != report.accepted,
        "a response has no ticket, or two": report.tickets != report.accepted,
        "a ticket has no case": report.cases_missing > 0,
        "a ticket has two cases": report.cases_doubled > 0,
        "a ticket names another's case": report.wrong_remote_ids > 0,
        "a ticket was sent before its Retry-After": report.early_calls_of_a_ticket > 0,
        "something was left undelivered": report.deliveries_left > 0,
        f"draining took over {drain_seconds:.0f} s": report.drained_seconds > drain_seconds,
    }
    return [what for what, wrong in checks.items() if wrong]
