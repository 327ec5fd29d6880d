"""What the service needs from outside, as Protocols; `wiring` says who plays each part."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from sqlmodel import Session

from triage.types import (
    CaseRecord,
    Check,
    Letter,
    Prediction,
    RemoteCase,
    RemoteChanges,
    RemoteState,
    System,
    Thresholds,
    TicketEvent,
)


class Predictor(Protocol):
    """A loaded model. Thread-safe: concurrent calls may share a batch."""

    @property
    def name(self) -> str:
        """The model's released name and version, such as `base-1`."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """Where this model's probabilities become answers."""
        ...

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        """Analyse `texts`, each with the survey question it answers where known."""
        ...


class TicketSystem(Protocol):
    """A contact centre's ticket system. Thread-safe; every call may raise `DeliveryError`."""

    @property
    def name(self) -> System:
        """Which of the systems a routing rule may name this is."""
        ...

    def create(self, record: CaseRecord) -> RemoteCase:
        """Create the case, or find the one that an earlier call with this key created."""
        ...

    def comment(self, case_id: str, key: str, text: str) -> None:
        """Add `text` to an open case, once per `key`."""
        ...

    def changes(self, since: datetime) -> RemoteChanges:
        """The cases of ours that changed after `since`; some may be repeated."""
        ...

    def state(self, case_id: str) -> RemoteState | None:
        """One case as it stands now; None when it is not one of ours."""
        ...

    def check(self) -> list[Check]:
        """Sign in and look for the key field, the queues and the rights. Creates nothing."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class DeliveryJobs(Protocol):
    """The durable queues that bring tickets to their systems, and events to the survey platform.

    Every call is part of `session`'s transaction: what was asked commits with it, or not at all.
    """

    def enqueue(self, session: Session, ticket_id: str) -> None:
        """A ticket was opened: queue its delivery and the event."""
        ...

    def comment(self, session: Session, comment_id: str) -> None:
        """Something was added to a ticket: queue it for the ticket's system."""
        ...

    def announce(
        self, session: Session, ticket_id: str, event: TicketEvent, *, was_request: bool = True
    ) -> None:
        """Queue a signed event for the survey platform, where one listens.

        Who asked for nothing, in the end, is not asked how it was handled.
        """
        ...

    def retry(self, session: Session, ticket_id: str) -> int:
        """Queue again what could not be delivered for a ticket; return how many deliveries."""
        ...


class Messenger(Protocol):
    """A channel to customers: a mail server, an SMS gateway. Thread-safe."""

    def send(self, letter: Letter, begin: Callable[[], None]) -> str | None:
        """Hand a letter over, and return what the other side calls it.

        Calls `begin` at the last moment at which nothing has been handed over: what fails
        before can be repeated, and what fails after it, without an answer, may have arrived.

        Raises:
            Undeliverable: The recipient does not exist, or wants nothing.
            DeliveryError: Of kind NETWORK after `begin`, it may have arrived.
        """
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """The current moment, timezone-aware."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.now(UTC)
