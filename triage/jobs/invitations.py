"""Invitations on the durable engine: rounds that find who is due, and a job for each message."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from sqlmodel import Session

from triage.db import Database
from triage.errors import without_words
from triage.jobs.engine import ROUND, SEND, Engine, Run
from triage.ports import Clock, Messenger
from triage.settings import Settings
from triage.surveys import messages
from triage.surveys.channels.mailbox import Mailbox
from triage.surveys.channels.sms import SmsGateway
from triage.surveys.channels.smtp import SmtpMailer
from triage.surveys.closed import complaint_closed
from triage.surveys.events import Events
from triage.surveys.letters import Writer
from triage.surveys.round import Round
from triage.surveys.sending import Sender
from triage.surveys.service import catalogue_of
from triage.surveys.tables import Channel, MessageRow

MESSAGES: Final = "messages"
ROUNDS: Final = "rounds"

_log = logging.getLogger(__name__)


def messengers_of(settings: Settings, database: Database, clock: Clock) -> dict[Channel, Messenger]:
    """The channels that the settings describe; on a development machine the mailbox stands in."""
    channels: dict[Channel, Messenger] = {}
    if settings.is_development:
        channels = {"email": Mailbox("email", database, clock), "sms": Mailbox("sms", database, clock)}
    if settings.smtp:
        channels["email"] = SmtpMailer(settings.smtp, clock)
    if settings.sms:
        channels["sms"] = SmsGateway(settings.sms)
    return channels


class MessageQueue:
    """Our side of `plan.MessageJobs`. Thread-safe."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def send(self, session: Session, message: MessageRow) -> None:
        """See `plan.MessageJobs.send`."""
        delay = max((message.due_at - self._clock.now()).total_seconds(), 0.0)
        self._engine.enqueue(session, MESSAGES, message.id, message.turn, kind=SEND, delay=delay)


class Invitations:
    """What one replica does of the survey module's work. Thread-safe."""

    def __init__(self, settings: Settings, database: Database, engine: Engine, clock: Clock) -> None:
        """Read the surveys. Raises `ConfigurationError` with a line for every mistake in them."""
        asking, catalogue = settings.asking, catalogue_of(settings)
        queue = MessageQueue(engine, clock)
        self._database = database
        self._engine = engine
        self._clock = clock
        self._seconds = asking.round_seconds
        self._messengers = messengers_of(settings, database, clock)
        self._events = Events(database, catalogue, asking, clock)
        self._round = Round(database, catalogue, asking, frozenset(self._messengers), queue)
        writer = Writer(catalogue, messages.render, settings.links_start_with)
        sender = Sender(database, self._messengers, writer, asking, queue, clock)
        self.runs: Mapping[str, Run] = {SEND: sender.run, ROUND: self._run_round}
        self.slots: Mapping[str, int] = {MESSAGES: asking.workers, ROUNDS: 1}
        self.upkeep: Mapping[str, tuple[float, Callable[[], object]]] = {
            "round": (self._seconds, self._call_round)
        }

    def complaint_closed(self, session: Session, ticket_id: str) -> None:
        """A ticket was resolved in its own system: its customer may be asked about that."""
        complaint_closed(session, ticket_id, self._events, self._clock.now())

    def close(self) -> None:
        """Let go of the channels."""
        for messenger in self._messengers.values():
            messenger.close()

    def _call_round(self) -> None:
        """Queue a round; all replicas that do so at this moment mean the same one."""
        number = int(self._clock.now().timestamp() / self._seconds)
        with self._database.write() as session:
            self._engine.enqueue(session, ROUNDS, "round", number, kind=ROUND)

    def _run_round(self, _name: str, _number: int) -> None:
        now = self._clock.now()
        try:
            self._round.run(now)
            self._round.rescue(now)
        except Exception as error:
            # The next round, in a moment, finds all that this one did not come to.
            _log.error("a round of invitations failed: %s", without_words(error))
