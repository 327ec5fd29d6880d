"""The values that pass between the stages: frozen, keyword-only, without behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from triage.labels import Category, Intent, Polarity, Sentiment

System = Literal["dynamics", "service_cloud", "webhook", "inbox"]
Priority = Literal["low", "normal", "high", "urgent"]
CONTACT_CONSENT: Final = "contact_consent"
"""The attribute of a response that is `yes` where its customer asks to be contacted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """Who answered; every field as the survey platform knows it, or None."""

    id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SurveyResponse:
    """One answered survey, as it came in."""

    external_id: str
    comment: str = ""
    question: str | None = None
    """What the customer was asked, in their language."""
    score: int | None = None
    """0 to 10."""
    survey: str | None = None
    touchpoint: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2, upper case."""
    locale: str | None = None
    """BCP 47 hint such as `de-CH`; evidence for the language, never proof."""
    channel: str | None = None
    occurred_at: datetime | None = None
    customer: Customer = field(default_factory=Customer)
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Store, seller, order number, and whatever else the platform sends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A sentence of a text: `text[start:end]`, offsets in code points."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenScore:
    """How likely the piece `text[start:end]` belongs to the customer's request."""

    start: int
    end: int
    probability: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """What the model says about one text: calibrated probabilities, in `labels` order."""

    aspects: tuple[tuple[float, float, float, float], ...]
    """Per category: absent, then one per polarity; each row sums to 1."""
    sentiment: tuple[float, ...]
    request: float
    intent: tuple[float, ...]
    """Given that there is a request."""
    urgent: float
    language: tuple[float, ...]
    """One per language, `und` last; from pieces and letters, so surer than it ought to be."""
    tokens: tuple[TokenScore, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Confident:
    """From when on an answer is sure enough to act on."""

    score: float = 0.0
    """Its probability."""
    margin: float = -1.0
    """Its lead over the likeliest other; below 0 where a threshold off a half gave the less likely answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """Where probabilities become answers; chosen on the development split when a model is made."""

    request: float = 0.5
    urgent: float = 0.5
    aspect: float = 0.5
    """That a category is spoken of at all."""
    confident: Mapping[str, Confident] = field(default_factory=dict)
    """Task (`request`, `intent`, `aspects`, `sentiment`, `urgent`) -> when not to abstain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageFinding:
    """The language of a text and how sure we are (0 to 1)."""

    code: str
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AspectFinding:
    """A category the comment speaks about, and how."""

    category: Category
    polarity: Polarity
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFinding:
    """A support request inside the comment: `comment[start:end]` asks for `intent`."""

    intent: Intent
    confidence: float
    """That there is a request at all."""
    intent_confidence: float
    start: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """All that triage found in one comment."""

    language: LanguageFinding
    aspects: tuple[AspectFinding, ...]
    sentiment: Sentiment
    sentiment_confidence: float
    request: RequestFinding | None
    urgent: bool
    urgent_confidence: float
    """Probability of the label given in `urgent`."""
    abstained: tuple[str, ...]
    """Tasks whose answer is too unsure to act on without a person, such as `request` or `aspects.price`."""
    model: str
    taxonomy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do about a finding: which ticket to open, where, how soon."""

    queue: str
    system: System
    """Where it is delivered."""
    intended_system: System
    """Where the rules would have it; differs where that system is not configured."""
    priority: Priority
    due_at: datetime
    subject: str
    reasons: tuple[str, ...]
    """Why it was routed there, one clause a rule, for the agent who reads the ticket."""


TicketStatus = Literal["open", "in_progress", "resolved"]
TicketEvent = Literal["ticket.created", "ticket.delivered", "ticket.resolved"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseRecord:
    """What a case in a ticket system says; `delivery.record` builds it, connectors send it."""

    key: str
    """The idempotency key: 32 lower-case hex digits, kept in a field of the remote record."""
    subject: str
    body: str
    """Plain text: the asking sentence, the whole comment, then every fact, one a line."""
    queue: str
    priority: Priority
    intent: Intent | None
    customer: Customer
    facts: Mapping[str, str]
    """The same facts by name (`record.FACTS`), for the columns an administrator maps them to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteCase:
    """A case as the ticket system knows it."""

    id: str
    url: str | None = None
    number: str | None = None
    """What its agents call it, such as `00001042` or `CAS-01042-K2`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteState:
    """What became of one of our cases in its system."""

    id: str
    key: str
    status: TicketStatus
    changed_at: datetime
    resolution: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteChanges:
    """The cases that changed, and from when to ask next time."""

    states: tuple[RemoteState, ...]
    covered_until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing a system must have, and how to add it where it is missing."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """An e-mail, or an SMS, which has a text only."""

    key: str
    """Ours, the same for each attempt: the Message-ID of an e-mail is made of it."""
    recipient: str
    """An address, or a number in E.164."""
    text: str
    subject: str = ""
    html: str = ""
    language: str = ""
    sender_name: str = ""
    """The brand that writes; the sender's own name where it is empty."""
    unsubscribe_url: str = ""
    """Takes the POST of a mail program (RFC 8058)."""
