"""What delivering costs the callers: accepted responses a second, with and without delivery running.

    python -m benchmarks.delivery [sqlite|postgresql ...]

Both services store and enqueue the same; one has no workers. They take turns, each on a
database of its own, so that a change of the machine's speed meets both. Writes its figures into
docs/operations.md, where it measured both databases.
"""

import itertools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
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
CALM_SECONDS: Final = 8.0
"""After the rush, while what waited is delivered."""
CALLERS: Final = 16
AIM: Final = 0.20
"""How much of acceptance delivery may cost at most."""
SHARES: Final = (0.2, 1.0)
"""Of the responses, how many open a ticket: a usual share, and the worst case."""


PAGE: Final = Path("docs/operations.md")
BEGIN, END = "<!-- benchmarks.delivery -->", "<!-- end -->"
"""Between them stand the figures on the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Medians over the rounds; `cost` is that of the cost within a round."""

    database: str
    share: float
    without: float
    with_it: float
    cost: float
    sent: float
    sent_after: float

    def line(self) -> str:
        rates = f"{self.without:.0f} | {self.with_it:.0f} | {self.cost:.0%} | {self.sent:.0f}"
        rates += f" | {self.sent_after:.0f}"
        return f"| {self.database} | {self.share:.0%} | {rates} |"


def main() -> int:
    rows = []
    with ExitStack() as stack:
        environment = stack.enter_context(ticket_systems())
        for name in sys.argv[1:] or ["sqlite", "postgresql"]:
            server = stack.enter_context(postgres_server() if name == "postgresql" else nullcontext(""))
            for share in SHARES:
                rows.append(compare(name, server, share, environment))
                print(rows[-1].line(), flush=True)
    if not sys.argv[1:]:
        write(rows)
    worst = max(row.cost for row in rows)
    print(f"delivery costs at most {worst:.0%} of acceptance; the aim is {AIM:.0%}")
    return 0 if worst <= AIM else 1


def write(rows: Sequence[Row]) -> None:
    """Put the figures where the page shows them."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    table = [
        "| database | with a ticket | accepted a second without | with | cost | delivered a second | then |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(row.line() for row in rows),
    ]
    how = (
        f"{CALLERS} callers post for {SECONDS:.0f} s as fast as they are answered, {ROUNDS} times in turn"
        f" with and without delivery; they, the stand-ins and the service share"
        f" {len(os.sched_getaffinity(0))} CPU cores. The model is the stub: accepting is at its fastest."
        " All are medians of the rounds, the cost too: of what it was within each."
        f" “Then”: what waited is delivered, in the {CALM_SECONDS:.0f} s after the last post."
    )
    PAGE.write_text("\n".join([f"{before}{BEGIN}", how, "", *table, f"{END}{after}"]), "utf-8")


def compare(name: str, server: str, share: float, environment: dict[str, str]) -> Row:
    """One row of the table."""
    rounds: list[tuple[float, float, float, float]] = []
    for number in range(ROUNDS):
        found: dict[int, tuple[float, float, float]] = {}
        # In turn, and first one then the other: whoever comes second finds a warmer machine.
        for workers in (0, 4) if number % 2 else (4, 0):
            found[workers] = measure(server, share, environment | {"TRIAGE_DELIVERY__WORKERS": str(workers)})
        rounds.append((found[0][0], *found[4]))
        print(name, f"{share:.0%}", *(f"{value:.0f}" for value in rounds[-1]), file=sys.stderr, flush=True)
    return Row(
        database=name,
        share=share,
        without=median(without for without, *_ in rounds),
        with_it=median(with_it for _, with_it, *_ in rounds),
        cost=median(1 - with_it / without for without, with_it, *_ in rounds),
        sent=median(sent for _, _, sent, _ in rounds),
        sent_after=median(after for *_, after in rounds),
    )


def measure(server: str, share: float, environment: dict[str, str]) -> tuple[float, float, float]:
    """Responses accepted, deliveries made meanwhile, and deliveries made after it, all a second."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        embedded = f"sqlite:///{folder}/triage.db"
        url = stack.enter_context(postgres_database(server) if server else nullcontext(embedded))
        replica = Replica("bench", Path(folder), environment | {"TRIAGE_DATABASE_URL": url})
        stack.callback(replica.stop)
        replica.start()
        replica.wait_ready()
        accepted, seconds = post(replica.url, share)
        meanwhile = delivered(url)
        if environment["TRIAGE_DELIVERY__WORKERS"] != "0":
            time.sleep(CALM_SECONDS)
        after = delivered(url) - meanwhile
        return accepted / seconds, meanwhile / seconds, after / CALM_SECONDS


def delivered(url: str) -> int:
    database = Database(url)
    try:
        with database.read() as session:
            done = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state == "delivered")
            return session.exec(done).one()
    finally:
        database.close()


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
    sys.exit(main())
