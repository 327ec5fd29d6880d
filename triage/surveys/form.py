"""What a survey is: frozen values, as `files` reads them from YAML. No input, no output.

A survey asks its questions in one order in every language. The first one is the score
from 0 to 10, which puts the customer into a band; the band, and answers given before,
decide which of the later questions are asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from triage.labels import Language

Module = Literal["nps", "retail", "ecommerce", "complaint", "touchpoint"]
Touchpoint = Literal["shop", "web_shop", "pickup", "delivery", "assembly", "repair", "customer_service"]
EventKind = Literal["purchase", "delivery", "pickup", "assembly", "repair", "contact", "complaint_closed"]
EventChannel = Literal["store", "online"]
Unit = Literal["store", "seller", "operator", "executor", "country", "brand"]
Timing = Literal["within_minutes", "next_day"]
Kind = Literal["score", "stars", "choice", "comment"]
Band = Literal["positive", "neutral", "negative"]
Font = Literal["sans", "serif", "rounded"]

MODULES: Final[tuple[Module, ...]] = get_args(Module)
TOUCHPOINTS: Final[tuple[Touchpoint, ...]] = get_args(Touchpoint)
EVENT_KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
BANDS: Final[tuple[Band, ...]] = get_args(Band)
MAX_SCORE: Final = 10
MAX_STARS: Final = 5
MAX_COMMENT: Final = 5_000
"""Characters of an open answer."""

Answers = Mapping[str, object]
"""By the key of the question: an int (score, stars) or a str (key of the option, words of the comment)."""
Texts = Mapping[Language, str]
"""One text in every language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bands:
    """What a score means. The customer who is happy is asked to share, the unhappy one may be called."""

    positive_from: int = 7
    negative_below: int = 5

    def of(self, score: int) -> Band:
        """Return the band of `score`."""
        if score >= self.positive_from:
            return "positive"
        return "negative" if score < self.negative_below else "neutral"


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Holds where an earlier answer lies in a range of numbers, or is one of some options."""

    question: str
    at_least: int = 0
    at_most: int = 10
    any_of: frozenset[str] = frozenset()

    def holds(self, answers: Answers) -> bool:
        """Return whether it holds; never where the question was not answered."""
        answer = answers.get(self.question)
        if isinstance(answer, int):
            return self.at_least <= answer <= self.at_most
        return answer in self.any_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One of the answers to a choice."""

    key: str
    text: Texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question, asked where its band and all its conditions hold."""

    key: str
    kind: Kind
    text: Texts
    required: bool = False
    options: tuple[Option, ...] = ()
    """Of a choice."""
    lowest: Texts = field(default_factory=dict)
    """What 0, or one star, means."""
    highest: Texts = field(default_factory=dict)
    bands: frozenset[Band] = frozenset(BANDS)
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Criteria:
    """After what a survey is sent, to whom, and when. An empty set admits everything."""

    events: frozenset[EventKind]
    channel: EventChannel | None = None
    """Where the customer bought; None for both."""
    countries: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    sample: float = 1.0
    """Share of those who could be asked, from above 0 to 1."""
    priority: int = 0
    """Where several surveys could be sent after one event, the highest is."""
    timing: Timing = "next_day"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """How many answers a month each unit should get."""

    answers: int
    per: Unit = "store"


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """A whole survey."""

    key: str
    version: int
    """Raised when questions change, so that reports can tell the answers apart."""
    module: Module
    touchpoint: Touchpoint | None
    """None where it is about the brand as a whole."""
    title: Texts
    intro: Texts
    """One sentence on what it is about; `{brand}` stands for the brand's name."""
    questions: tuple[Question, ...]
    criteria: Criteria
    target: Target | None = None
    """None: everyone in the sample is asked."""
    bands: Bands = field(default_factory=Bands)
    contact_after: frozenset[Band] = frozenset({"negative"})
    """Bands in which e-mail or phone are asked for, with consent to be contacted."""
    share_after: frozenset[Band] = frozenset()
    """Bands in which the customer is invited to share the experience elsewhere."""

    def comments(self, answers: Answers) -> tuple[tuple[Question, str], ...]:
        """Return the open questions that apply with what was written, in order."""
        return tuple(
            (question, words)
            for question in self.asked(answers)
            if question.kind == "comment" and isinstance(words := answers.get(question.key), str) and words
        )

    def question(self, key: str) -> Question | None:
        """Return the question called `key`."""
        return next((question for question in self.questions if question.key == key), None)

    def score(self, answers: Answers) -> int | None:
        """Return the answer to the first question, the score."""
        answer = answers.get(self.questions[0].key)
        return answer if isinstance(answer, int) else None

    def band(self, answers: Answers) -> Band | None:
        """Return what the score means; None before it is given."""
        score = self.score(answers)
        return None if score is None else self.bands.of(score)

    def asked(self, answers: Answers) -> tuple[Question, ...]:
        """Return the questions that apply, given the answers so far; only the first before the score."""
        band = self.band(answers)
        if band is None:
            return self.questions[:1]
        asked: list[Question] = []
        given: dict[str, object] = {}
        for question in self.questions:
            # A condition sees only what is still asked: the rest was answered before a change of mind.
            if band in question.bands and all(condition.holds(given) for condition in question.when):
                asked.append(question)
                given[question.key] = answers.get(question.key)
        return tuple(asked)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How a brand's pages and mails look: colours as `#rrggbb`, checked to be readable on each other."""

    accent: str = "#1d4f91"
    on_accent: str = "#ffffff"
    background: str = "#ffffff"
    text: str = "#1f2328"
    radius: int = 8
    """Of corners, in pixels."""
    font: Font = "sans"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareLink:
    """Where a happy customer may tell others."""

    name: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Brand:
    """A retailer's brand."""

    key: str
    name: str
    privacy_url: str
    look: Look = field(default_factory=Look)
    share: Mapping[str, tuple[ShareLink, ...]] = field(default_factory=dict)
    """Country -> links; `*` for every country that is not named."""

    def share_links(self, country: str | None) -> tuple[ShareLink, ...]:
        """Return the links for `country`."""
        return self.share.get(country or "*", self.share.get("*", ()))

    def named_in(self, text: str) -> str:
        """Return `text` with the brand's name where `{brand}` stands."""
        return text.replace("{brand}", self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """All surveys and brands of a folder. The first brand stands in where an event names none."""

    surveys: Mapping[str, Survey]
    brands: Mapping[str, Brand]

    def brand(self, key: str | None) -> Brand:
        """Return the brand called `key`, or the first."""
        return self.brands.get(key or "") or next(iter(self.brands.values()))
