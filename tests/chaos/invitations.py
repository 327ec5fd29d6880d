"""Invitations while the process that sends them is killed: `python -m tests.chaos.invitations 1000 10`."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import update
from sqlmodel import col, func, select

from tests.fakes.smtp import FakeSmtp
from triage.db import Database
from triage.migrations import upgrade
from triage.ports import SystemClock
from triage.settings import AskingSettings
from triage.surveys import files
from triage.surveys.event import CustomerEvent
from triage.surveys.events import Events
from triage.surveys.tables import EventRow, MessageRow

SURVEYS = Path(__file__).parents[2] / "fixtures" / "surveys"
_SENDER = "from triage.jobs.child import main; main()"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What arrived where."""

    asked: int
    kills: int
    seconds: float
    arrived: Counter[str]
    """Messages by recipient, as the mail server counted them."""
    states: Counter[str]

    @property
    def twice(self) -> int:
        """How many customers got more than one."""
        return sum(times > 1 for times in self.arrived.values())

    def words(self) -> str:
        return (
            f"{self.asked} invitations, {self.kills} kills, {self.seconds:.0f} s: "
            f"{len(self.arrived)} arrived, {self.twice} of them twice; {dict(self.states)}"
        )


def run(count: int, kills: int, folder: Path, seconds: float = 600.0) -> Outcome:
    """Ask `count` customers, and kill the process that sends `kills` times on the way."""
    url = f"sqlite:///{folder / 'triage.db'}"
    database = Database(url)
    upgrade(database.engine)
    _tell(database, count)
    began, killed = time.monotonic(), 0
    with FakeSmtp().running() as smtp:
        sender = _start(url, smtp, folder)
        # Evenly over the run, by what has arrived: each kill comes while many are under way.
        marks = [count * (n + 1) // (kills + 1) for n in range(kills)]
        while _open(database) and time.monotonic() - began < seconds:
            if marks and len(smtp.messages) >= marks[0]:
                time.sleep(random.random() / 5)
                _kill(sender)
                marks.pop(0)
                killed += 1
                sender = _start(url, smtp, folder)
            if sender.poll() is not None:
                # As the service does with its child that ends by itself.
                sender = _start(url, smtp, folder)
            time.sleep(0.02)
        _kill(sender)
        arrived = Counter(str(message["To"]) for message in smtp.messages)
    with database.read() as session:
        states = Counter(session.exec(select(MessageRow.state).where(MessageRow.step == "first")).all())
    database.close()
    return Outcome(
        asked=count, kills=killed, seconds=time.monotonic() - began, arrived=arrived, states=states
    )


def _tell(database: Database, count: int) -> None:
    # `shop` and its like have targets, so that not everybody would be asked: this one has none.
    events = [
        CustomerEvent(
            external_id=f"e-{number}",
            kind="complaint_closed",
            occurred_at=datetime.now(UTC),
            consent=True,
            customer_id=f"C-{number}",
            email=f"c{number}@example.com",
            country="IT",
        )
        for number in range(count)
    ]
    asking = AskingSettings(window="00:00-23:59:59")  # type: ignore[arg-type]
    [*Events(database, files.load(SURVEYS), asking, SystemClock()).accept_many("retail", events)]
    with database.write() as session:
        # The survey goes out the next day; nobody here waits so long.
        session.execute(update(EventRow).values(due_at=datetime.now(UTC)))


def _open(database: Database) -> bool:
    """Whether anything is still to be decided or sent."""
    with database.read() as session:
        waiting = select(func.count()).select_from(EventRow).where(EventRow.state == "waiting")
        unsent = select(func.count()).where(
            MessageRow.step == "first", col(MessageRow.state).in_(("planned", "sending"))
        )
        return bool(session.exec(waiting).one() or session.exec(unsent).one())


def _start(url: str, smtp: FakeSmtp, folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "TRIAGE_DATABASE_URL": url,
        "TRIAGE_DATA_DIR": str(folder),
        "TRIAGE_SURVEYS_DIR": str(SURVEYS),
        "TRIAGE_PUBLIC_URL": "https://ask.example",
        "TRIAGE_SMTP__HOST": smtp.host,
        "TRIAGE_SMTP__PORT": str(smtp.port),
        "TRIAGE_SMTP__STARTTLS": "false",
        "TRIAGE_SMTP__FROM": "ask@casa.example",
        "TRIAGE_ASKING__WINDOW": "00:00-23:59:59",
        "TRIAGE_ASKING__ROUND_SECONDS": "1",
        "TRIAGE_DELIVERY__HEARTBEAT_SECONDS": "1",
    }
    with (folder / "sender.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", _SENDER], env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log
        )


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as where:
        sys.stdout.write(run(int(sys.argv[1]), int(sys.argv[2]), Path(where)).words() + "\n")
