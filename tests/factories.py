"""Values for tests, complete by default: a test names only what it is about."""

from datetime import UTC, datetime
from typing import Any

from triage.labels import TAXONOMY_VERSION
from triage.types import (
    AspectFinding,
    Customer,
    Finding,
    LanguageFinding,
    RequestFinding,
    SurveyResponse,
)

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
"""A Wednesday, 10:00 in Rome."""

ASKING = "Lovely shop but my sofa is late. When do you deliver it?"
PRAISE = "Great service, thanks."


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def response(**changes: Any) -> SurveyResponse:
    values: dict[str, Any] = {
        "external_id": "r-1",
        "comment": ASKING,
        "score": 7,
        "touchpoint": "delivery",
        "country": "IT",
        "customer": Customer(name="Giulia"),  # without an id or an order: each a problem of its own
        "attributes": {"store": "Milano"},
    }
    return SurveyResponse(**values | changes)


def request(**changes: Any) -> RequestFinding:
    values: dict[str, Any] = {
        "intent": "order_status",
        "confidence": 0.9,
        "intent_confidence": 0.8,
        "start": 33,
        "end": 56,
        "text": ASKING[33:56],
    }
    return RequestFinding(**values | changes)


def aspect(category: str, polarity: str = "negative", confidence: float = 0.9) -> AspectFinding:
    return AspectFinding(category=category, polarity=polarity, confidence=confidence)  # type: ignore[arg-type]


def finding(**changes: Any) -> Finding:
    """Nothing found in English words; changes say what was."""
    values: dict[str, Any] = {
        "language": LanguageFinding(code="en", confidence=0.99),
        "aspects": (),
        "sentiment": "neutral",
        "sentiment_confidence": 0.8,
        "request": None,
        "urgent": False,
        "urgent_confidence": 0.95,
        "abstained": (),
        "model": "stub",
        "taxonomy": TAXONOMY_VERSION,
    }
    return Finding(**values | changes)


def body(**changes: Any) -> dict[str, Any]:
    """A JSON body of `POST /v1/responses`, of another customer for each external id."""
    customer = f"C-{changes.get('external_id', 'r-1')}"
    values: dict[str, Any] = {
        "external_id": "r-1",
        "comment": ASKING,
        "question": "Why this score?",
        "score": 4,
        "survey": "nps",
        "touchpoint": "delivery",
        "country": "IT",
        "locale": "en-GB",
        "channel": "email",
        "occurred_at": "2026-03-04T10:15:00+01:00",
        "customer": {"id": customer, "email": "giulia@example.com", "phone": "+39 02 000", "name": "Giulia"},
        "attributes": {"store": "Milano", "visits": 3, "gift": True},
    }
    return values | changes
