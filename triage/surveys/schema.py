"""The form of the files in a surveys folder, part by part; `rules` sees how the parts fit together.

Each check here needs nothing but the value itself, so that Pydantic reports all such
mistakes of a file at once.
"""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, StrictBool, StrictInt, Tag
from pydantic import create_model as _create_model

from triage.countries import COUNTRIES
from triage.labels import LANGUAGES
from triage.surveys.form import (
    BANDS,
    MAX_SCORE,
    Band,
    EventChannel,
    EventKind,
    Font,
    Kind,
    Module,
    Timing,
    Touchpoint,
    Unit,
)

LONGEST_TEXT = 300
OWN, SHARED = "<own>", "<shared>"
"""Marks in Pydantic's places that are not in the file."""
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|&[a-z]+;")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_WEB_ADDRESS = re.compile(r"https://[^\s/@\"'<>]+\.[^\s/@\"'<>]+(/[^\s\"'<>]*)?")
_COUNTRY_SLIPS = {"UK": "GB", "EL": "GR", "EN": "GB", "CS": "CZ", "DA": "DK", "SV": "SE", "NB": "NO"}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {_kind(value)}; put it in quotes")
    text = value.strip(" ")
    if not text:
        raise ValueError("is empty; write the text in this language")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"has {len(text)} characters; shorten it to {LONGEST_TEXT}: it is read on a phone")
    if found := _TAG.search(text):
        raise ValueError(f"has {found[0]!r} in it; write plain text, the page sees to how it looks")
    if _UNSEEN.search(text):
        raise ValueError("has a line break or an invisible character; write it as one line")
    if re.search(r"[{}]", text.replace("{brand}", "")):
        raise ValueError("has braces; only {brand} may stand in them, for the brand's name")
    return text


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a block"}
    return names.get(type(value), "a date")


def country_code(value: object) -> str:
    """Check a country. Raises `ValueError` with what was probably meant."""
    code = str(value)
    if code in COUNTRIES:
        return code
    meant = _COUNTRY_SLIPS.get(code.upper(), code.upper() if code.upper() in COUNTRIES else None)
    advice = f"did you mean {meant}?" if meant else "use two capital letters such as IT (ISO 3166-1)"
    raise ValueError(f"{code!r} is no country; {advice}")


def _country_or_rest(value: object) -> str:
    return "*" if value == "*" else country_code(value)


def _sample(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number such as 0.5, which asks every second customer")
    if not 0 < value <= 1:
        advice = f"; for {value:g} % write {value / 100:g}" if 1 < value <= 100 else ""
        raise ValueError(f"must be above 0 and at most 1{advice}")
    return float(value)


def _listed(value: object) -> object:
    """Take one value for a list of one, as a person means it."""
    return [value] if isinstance(value, str | int) else value


def _web_address(value: object) -> str:
    if not isinstance(value, str) or not _WEB_ADDRESS.fullmatch(value):
        raise ValueError("must be a whole address that begins with https://")
    return value


def _colour(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('must be a colour such as "#1d4f91", in quotes')
    return value.lower()


Text = Annotated[str, BeforeValidator(_text)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Bands = Annotated[frozenset[Band], BeforeValidator(_listed)]
_EVERY_BAND = frozenset(BANDS)
Country = Annotated[str, BeforeValidator(country_code)]
Colour = Annotated[str, BeforeValidator(_colour)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]


class Part(BaseModel):
    """A block of a file, in which only known words may stand."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Texts(Part):
    """One text in every language; its fields are the languages."""


_languages: dict[str, Any] = dict.fromkeys(LANGUAGES, (Text, ...))
TextsIn: type[Part] = _create_model("TextsIn", __base__=_Texts, **_languages)


class OptionIn(Part):
    """One answer to a choice."""

    key: Key
    text: TextsIn  # type: ignore[valid-type]


class RangeIn(Part):
    """A range of scores or stars."""

    at_least: StrictInt = 0
    at_most: StrictInt = MAX_SCORE


ConditionIn = Annotated[
    Annotated[RangeIn, Tag(OWN)] | Annotated[list[Key], BeforeValidator(_listed), Tag(SHARED)],
    Discriminator(lambda value: OWN if isinstance(value, dict | RangeIn) else SHARED),
]
"""A range of an earlier score or stars, or some options of an earlier choice."""


class AskedWhen(Part):
    """When a question is asked: always, where nothing is said."""

    band: Bands = _EVERY_BAND
    when: dict[Key, ConditionIn] = {}


class QuestionIn(AskedWhen):
    """A question written out."""

    key: Key
    kind: Kind
    text: TextsIn  # type: ignore[valid-type]
    required: StrictBool = False
    scale: Key | None = None
    """Name of a scale in `common.yaml`: what the ends of the score or the stars mean."""
    options: tuple[OptionIn, ...] = ()


class UseIn(AskedWhen):
    """A question of `common.yaml`."""

    use: Key


def _who_wrote_it(value: object) -> str:
    is_shared = isinstance(value, UseIn) or (isinstance(value, dict) and "use" in value)
    return SHARED if is_shared else OWN


AnyQuestion = Annotated[
    Annotated[QuestionIn, Tag(OWN)] | Annotated[UseIn, Tag(SHARED)], Discriminator(_who_wrote_it)
]


class AskIn(Part):
    """After what the survey is sent, to whom, and when."""

    after: Annotated[frozenset[EventKind], BeforeValidator(_listed), Field(min_length=1)]
    channel: EventChannel | None = None
    countries: frozenset[Country] = frozenset()
    brands: frozenset[Key] = frozenset()
    sample: Annotated[float, BeforeValidator(_sample)] = 1.0
    priority: StrictInt = 0
    send: Timing = "next_day"


class BandsIn(Part):
    """What a score means."""

    positive_from: Annotated[StrictInt, Field(ge=1, le=MAX_SCORE)] = 7
    negative_below: Annotated[StrictInt, Field(ge=0, le=MAX_SCORE)] = 5


class TargetIn(Part):
    """How many answers a month each unit should get."""

    answers: Annotated[StrictInt, Field(ge=1, le=100_000)]
    per: Unit = "store"


class SurveyIn(Part):
    """A survey's file; its key is the file's name."""

    version: Annotated[StrictInt, Field(ge=1)]
    module: Module
    touchpoint: Touchpoint | None = None
    ask: AskIn
    target: TargetIn | None = None
    bands: BandsIn = BandsIn()
    contact_after: Bands = frozenset({"negative"})
    share_after: Bands = frozenset()
    title: TextsIn  # type: ignore[valid-type]
    intro: TextsIn  # type: ignore[valid-type]
    questions: Annotated[tuple[AnyQuestion, ...], Field(min_length=1, max_length=12)]


class ScaleIn(Part):
    """What the ends of a score or of stars mean."""

    lowest: TextsIn  # type: ignore[valid-type]
    highest: TextsIn  # type: ignore[valid-type]


class CommonIn(Part):
    """`common.yaml`: what several surveys share."""

    scales: dict[Key, ScaleIn]
    questions: tuple[QuestionIn, ...] = ()


class LookIn(Part):
    """How a brand's pages and mails look."""

    accent: Colour
    on_accent: Colour
    background: Colour = "#ffffff"
    text: Colour = "#1f2328"
    radius: Annotated[StrictInt, Field(ge=0, le=32)] = 8
    font: Font = "sans"


class ShareIn(Part):
    """Where a happy customer may tell others."""

    name: Annotated[str, BeforeValidator(_text), Field(max_length=40)]
    url: WebAddress


class BrandIn(Part):
    """A retailer's brand."""

    name: Annotated[str, BeforeValidator(_text), Field(max_length=60)]
    privacy_url: WebAddress
    look: LookIn
    share: dict[Annotated[str, BeforeValidator(_country_or_rest)], tuple[ShareIn, ...]] = {}


class BrandsIn(Part):
    """`brands.yaml`: the first brand stands in where an event names none."""

    brands: Annotated[dict[Key, BrandIn], Field(min_length=1)]
