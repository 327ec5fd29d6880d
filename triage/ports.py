"""What the service needs from outside, as Protocols; `wiring` says who plays each part."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from triage.types import Prediction


class Predictor(Protocol):
    """A loaded model. Thread-safe: concurrent calls may share a batch."""

    @property
    def name(self) -> str:
        """The model's released name and version, such as `base-1`."""
        ...

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        """Analyse `texts`, each with the survey question it answers where known."""
        ...


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """The current moment, timezone-aware."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)
