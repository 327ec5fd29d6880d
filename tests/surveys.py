"""Surveys, events and a whole survey module under a clock that tests move."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from tests.factories import NOW, FixedClock
from triage.db import Database
from triage.delivery.failure import DeliveryError
from triage.labels import LANGUAGES
from triage.migrations import upgrade
from triage.settings import AskingSettings
from triage.surveys.channels import Undeliverable
from triage.surveys.event import CustomerEvent
from triage.surveys.events import EventReceipt, Events
from triage.surveys.form import Brand, Catalogue, Criteria, Question, Survey, Target
from triage.surveys.letters import Writer
from triage.surveys.links import Links
from triage.surveys.round import Round
from triage.surveys.sending import Sender
from triage.surveys.tables import Channel, EventRow, InvitationRow, MessageRow
from triage.types import Letter


def texts(text: str) -> Any:
    return dict.fromkeys(LANGUAGES, text)


def survey(key: str = "shop", **changes: Any) -> Survey:
    """A score and an open comment, after a shop purchase, for everybody."""
    target = changes.pop("target", None)
    criteria = {"events": frozenset({"purchase"}), "channel": "store", "timing": "within_minutes"}
    for name in ("events", "channel", "countries", "brands", "sample", "priority", "timing"):
        if name in changes:
            criteria[name] = changes.pop(name)
    values: dict[str, Any] = {
        "key": key,
        "version": 1,
        "module": "retail",
        "touchpoint": "shop",
        "title": texts("Your visit"),
        "intro": texts("You were at {brand}."),
        "questions": (
            Question(key="overall", kind="score", text=texts("How was it?"), required=True),
            Question(key="wrong", kind="comment", text=texts("What went wrong?")),
        ),
        "criteria": Criteria(**criteria),  # type: ignore[arg-type]
        "target": Target(answers=target) if target else None,
    }
    return Survey(**values | changes)


def catalogue(*surveys: Survey) -> Catalogue:
    brand = Brand(key="casa", name="Casa", privacy_url="https://casa.example/privacy")
    return Catalogue(surveys={s.key: s for s in surveys or (survey(),)}, brands={"casa": brand})


def event(**changes: Any) -> CustomerEvent:
    """A purchase in Milan an hour before `NOW`, by somebody who may be asked by mail."""
    values: dict[str, Any] = {
        "external_id": "e-1",
        "kind": "purchase",
        "channel": "store",
        "occurred_at": NOW - timedelta(hours=1),
        "consent": True,
        "customer_id": "C-1",
        "email": "giulia@example.com",
        "country": "IT",
        "store": "Milano",
    }
    return CustomerEvent(**values | changes)


@dataclass
class Sent:
    """A letter, and when it left."""

    letter: Letter
    channel: Channel
    at: datetime


@dataclass
class FakeMessenger:
    """Takes every letter, unless a test says what happens to it."""

    channel: Channel
    clock: FixedClock
    sent: list[Sent]
    before: Callable[[Letter], None] = field(default=lambda _: None)
    after: Callable[[Letter], None] = field(default=lambda _: None)
    """Called before and after the letter is on its way; may raise."""

    def send(self, letter: Letter, begin: Callable[[], None]) -> str | None:
        self.before(letter)
        begin()
        self.after(letter)
        self.sent.append(Sent(letter, self.channel, self.clock.moment))
        return f"remote-{letter.key}"

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class QueuedJobs:
    """The durable queue, in memory."""

    clock: FixedClock
    waiting: list[tuple[datetime, str, int]] = field(default_factory=list)

    def send(self, session: Session, message: MessageRow) -> None:
        self.waiting.append((message.due_at, message.id, message.turn))

    def take_due(self) -> list[tuple[datetime, str, int]]:
        due = sorted(job for job in self.waiting if job[0] <= self.clock.moment)
        self.waiting = [job for job in self.waiting if job[0] > self.clock.moment]
        return due


@dataclass
class Words:
    subject: str
    text: str
    html: str


def render(kind: str, language: str, brand: Brand, **facts: object) -> Words:
    return Words(f"{brand.name} {language}", f"{kind} {facts['link']}", f"<p>{kind} {facts['link']}</p>")


class SurveyWorld:
    """The survey module over a database of its own, with channels that write down what they are given."""

    def __init__(
        self,
        database: Database,
        *surveys: Survey,
        now: datetime = NOW,
        channels: tuple[Channel, ...] = ("email", "sms"),
        **asking: Any,
    ) -> None:
        self.database = database
        self.clock = FixedClock(now)
        self.asking = AskingSettings(**asking)
        self.catalogue = catalogue(*surveys)
        self.sent: list[Sent] = []
        self.channels = {name: FakeMessenger(name, self.clock, self.sent) for name in channels}
        self.jobs = QueuedJobs(self.clock)
        self.events = Events(database, self.catalogue, self.asking, self.clock)
        self.links = Links(database, self.clock, lambda *_: None)
        self.round = Round(database, self.catalogue, self.asking, frozenset(channels), self.jobs)
        writer = Writer(self.catalogue, render, "https://ask.example")
        self.sender = Sender(
            database, self.channels, writer, self.asking, self.jobs, self.clock, jitter=lambda: 0.5
        )

    def tell(self, **changes: Any) -> EventReceipt:
        return next(self.events.accept_many("retail", [event(**changes)]))

    def step(self) -> None:
        """One round, and every job that is due."""
        self.round.run(self.clock.moment)
        for _, message_id, turn in self.jobs.take_due():
            self.sender.run(message_id, turn)

    def pass_time(self, amount: timedelta, every: timedelta = timedelta(minutes=30)) -> None:
        """Let time go by, with a step every so often."""
        end = self.clock.moment + amount
        self.step()
        while self.clock.moment < end:
            self.clock.moment = min(self.clock.moment + every, end)
            self.step()

    def token(self, number: int = -1) -> str:
        """The token of a letter."""
        return self.sent[number].letter.text.rpartition("/")[2]

    def rows(self, table: Any) -> list[Any]:
        with self.database.read() as session:
            return [*session.exec(select(table).order_by(col(table.id)))]

    def event_rows(self) -> list[EventRow]:
        return self.rows(EventRow)

    def invitations(self) -> list[InvitationRow]:
        return self.rows(InvitationRow)

    def messages(self) -> list[MessageRow]:
        return self.rows(MessageRow)


def new_database(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'surveys.db'}")
    upgrade(database.engine)
    return database


def refuse(error: DeliveryError | Undeliverable, times: int = 1) -> Callable[[Letter], None]:
    """Raise `error` so many times."""
    left = [error] * times

    def raising(_letter: Letter) -> None:
        if left:
            raise left.pop()

    return raising
