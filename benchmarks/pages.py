"""Survey pages a second while responses are classified: `python -m benchmarks.pages`.

Customers come at a fixed rate, whether or not the service keeps up, and a page's time
counts from the moment its customer came: a service that falls behind cannot hide it.
Every third customer sends an answer; the others open a page. Meanwhile one client posts
responses to be classified, one after another.
"""

import re
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from benchmarks import server
from tests.invitations import FOLDER, invite
from triage.db import Database
from triage.labels import LANGUAGES
from triage.migrations import upgrade

RATE: Final = 200
SECONDS: Final = 20
CUSTOMERS: Final = 500
CLIENTS: Final = 24
COMMENTS: Final = (
    "The sofa came late and scratched. When do you refund it?",
    "Molto gentili, tornerò volentieri.",
)


@dataclass(frozen=True, kw_only=True)
class Served:
    """One page: how long it took from the moment it was due."""

    seconds: float
    status: int


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'pages.db'}"
        tokens = customers(url)
        environment = {"TRIAGE_DATABASE_URL": url, "TRIAGE_SURVEYS_DIR": str(FOLDER)}
        with server.serving(**environment) as running:
            load(running, tokens, seconds=2)  # warms up
            stop, classified = threading.Event(), [0]
            other = threading.Thread(target=classify, args=(running, stop, classified))
            other.start()
            began = time.perf_counter()
            served = load(running, tokens, seconds=SECONDS)
            took = time.perf_counter() - began
            stop.set()
            other.join()
    report(served, took, classified[0])


def customers(url: str) -> list[str]:
    """Ask customers in every language; return the tokens of their links."""
    database = Database(url)
    upgrade(database.engine)
    until = datetime.now(UTC) + timedelta(days=1)
    tokens = [
        invite(database, language=LANGUAGES[number % len(LANGUAGES)], expires_at=until)
        for number in range(CUSTOMERS)
    ]
    database.close()
    return tokens


def load(running: server.Running, tokens: Sequence[str], *, seconds: float) -> list[Served]:
    """Send customers at `RATE`; return how they were served."""
    start = time.perf_counter() + 0.1
    numbers = range(int(RATE * seconds))
    with ThreadPoolExecutor(CLIENTS) as pool:
        parts = pool.map(
            lambda first: client(running, tokens[first::CLIENTS], start, numbers[first::CLIENTS]),
            range(CLIENTS),
        )
        return [served for part in parts for served in part]


def client(
    running: server.Running, tokens: Sequence[str], start: float, numbers: Sequence[int]
) -> list[Served]:
    """The customers `numbers`, each at its time, over one connection."""
    connection = HTTPConnection("127.0.0.1", running.port, timeout=60)
    forms: dict[str, str] = {}
    served = []
    for visits, number in enumerate(numbers):
        due = start + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        token = tokens[visits % len(tokens)]
        status = visit(connection, token, forms, answers=visits % 3 == 0)
        served.append(Served(seconds=time.perf_counter() - due, status=status))
    return served


def visit(connection: HTTPConnection, token: str, forms: dict[str, str], *, answers: bool) -> int:
    """Open a page, or answer the first question of one that was opened before."""
    if answers and token in forms:
        body = urlencode({"step": "overall", "form": forms[token], "answer": "8"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"/s/{token}", body, headers)
    else:
        connection.request("GET", f"/s/{token}?at=overall")
    answer = connection.getresponse()
    page = answer.read()
    if found := re.search(rb'name="form" value="([^"]+)"', page):
        forms[token] = found[1].decode()
    return answer.status


def classify(running: server.Running, stop: threading.Event, count: list[int]) -> None:
    """Post responses until told to stop."""
    while not stop.is_set():
        server.post(running, COMMENTS, clients=2)
        count[0] += len(COMMENTS)


def report(served: Sequence[Served], took: float, classified: int) -> None:
    """Print what was measured against the aim."""
    times = sorted(page.seconds * 1e3 for page in served)
    failed = [page.status for page in served if page.status not in (200, 303)]
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(f"{len(served) / took:.0f} pages a second of {RATE} wanted, {len(failed)} failed {failed[:5]}")
    print(f"p50 {p50:.1f} ms, p99 {p99:.1f} ms (aim: 100), slowest {times[-1]:.0f} ms")
    print(f"{classified / took:.1f} responses a second classified meanwhile")


if __name__ == "__main__":
    main()
