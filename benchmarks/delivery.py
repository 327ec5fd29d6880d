"""What delivering costs the callers: accepted responses a second, with and without delivery running.

    python -m benchmarks.delivery [sqlite|postgresql ...]

Both services store and enqueue the same; one has no workers. They take turns, each on a
database of its own, so that a change of the machine's speed meets both.
"""

import itertools
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Final

import httpx
from sqlmodel import func, select

from tests.chaos.replica import API_KEY, Replica
from tests.databases import postgres_database, postgres_server
from tests.fakes.__main__ import variables
from tests.fakes.dynamics import FakeDynamics
from tests.fakes.receiver import FakeReceiver
from tests.fakes.service_cloud import FakeServiceCloud
from triage.db import Database
from triage.tables import DeliveryRow

ROUNDS: Final = 3
SECONDS: Final = 10.0
CALLERS: Final = 16
SHARES: Final = (0.2, 1.0)
"""Of the responses, how many open a ticket: a usual share, and the worst case."""


def main() -> None:
    print("| database | responses with a ticket | accepted/s, no delivery | with | cost | delivered/s |")
    print("| --- | --- | --- | --- | --- | --- |")
    with ExitStack() as stack:
        environment = stack.enter_context(ticket_systems())
        for name in sys.argv[1:] or ["sqlite", "postgresql"]:
            server = stack.enter_context(postgres_server() if name == "postgresql" else nullcontext(""))
            for share in SHARES:
                print(compare(name, server, share, environment), flush=True)


def compare(name: str, server: str, share: float, environment: dict[str, str]) -> str:
    """One row of the table."""
    runs: dict[int, list[tuple[float, float]]] = {0: [], 4: []}
    for _ in range(ROUNDS):
        for workers, results in runs.items():
            results.append(measure(server, share, environment | {"TRIAGE_DELIVERY__WORKERS": str(workers)}))
    without, with_it = (median(rate for rate, _ in runs[workers]) for workers in (0, 4))
    sent = median(rate for _, rate in runs[4])
    cost = 1 - with_it / without
    return f"| {name} | {share:.0%} | {without:.0f} | {with_it:.0f} | {cost:.0%} | {sent:.0f} |"


def measure(server: str, share: float, environment: dict[str, str]) -> tuple[float, float]:
    """Responses accepted and deliveries made, both a second."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        embedded = f"sqlite:///{folder}/triage.db"
        url = stack.enter_context(postgres_database(server) if server else nullcontext(embedded))
        replica = Replica("bench", Path(folder), environment | {"TRIAGE_DATABASE_URL": url})
        stack.callback(replica.stop)
        replica.start()
        replica.wait_ready()
        accepted, seconds = post(replica.url, share)
        database = Database(url)
        with database.read() as session:
            done = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state == "delivered")
            delivered = session.exec(done).one()
        database.close()
        return accepted / seconds, delivered / seconds


def post(url: str, share: float) -> tuple[int, float]:
    """Post from all callers for a while; how many were accepted, in how many seconds."""
    numbers, accepted = itertools.count(), itertools.count()
    deadline = time.perf_counter() + SECONDS

    def call() -> None:
        with httpx.Client(headers={"Authorization": f"Bearer {API_KEY}"}, timeout=30.0) as client:
            while time.perf_counter() < deadline:
                client.post(f"{url}/v1/responses", json=response(next(numbers), share)).raise_for_status()
                next(accepted)

    began = time.perf_counter()
    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return next(accepted), time.perf_counter() - began


def response(number: int, share: float) -> dict[str, object]:
    asks = number % 10 < share * 10
    return {
        "external_id": f"b{number}",
        "comment": "The sofa is lovely but when is the delivery?" if asks else "Lovely sofa, kind staff.",
        "country": "IT" if number % 2 else "GB",
        "score": 8,
        "customer": {"id": f"c{number}", "email": f"c{number}@example.org"},
    }


@contextmanager
def ticket_systems() -> Iterator[dict[str, str]]:
    """The stand-ins in a process of their own, and the variables that name them."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv() | {
            "TRIAGE_DYNAMICS__CALLS_PER_SECOND": "0",
            "TRIAGE_SERVICE_CLOUD__CALLS_PER_SECOND": "0",
        }
    finally:
        process.terminate()


def _serve(pipe: Connection) -> None:
    with ExitStack() as stack:
        fakes = FakeDynamics(), FakeServiceCloud(), FakeReceiver()
        for fake in fakes:
            stack.enter_context(fake.running())
        lines = (line.removeprefix("export ") for line in variables(*fakes))
        pipe.send(dict(line.split("=", 1) for line in lines))
        threading.Event().wait()


if __name__ == "__main__":
    main()
