"""The form of the files in a surveys folder, part by part; `rules` sees how the parts fit together.

Each check here needs nothing but the value itself, so that Pydantic reports all such
mistakes of a file at once.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictBool, StrictInt, Tag
from pydantic import create_model as _create_model

from triage.labels import LANGUAGES
from triage.surveys.form import (
    BANDS,
    MAX_SCORE,
    EventChannel,
    EventKind,
    Font,
    Kind,
    Module,
    Timing,
    Touchpoint,
    Unit,
)
from triage.surveys.values import LISTED, Bands, Colour, Country, CountryOrRest, Key, Sample, Text, WebAddress

OWN, SHARED = "<own>", "<shared>"
"""Marks in Pydantic's places that are not in the file."""
_EVERY_BAND = frozenset(BANDS)


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
    Annotated[RangeIn, Tag(OWN)] | Annotated[list[Key], LISTED, Tag(SHARED)],
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

    after: Annotated[frozenset[EventKind], LISTED, Field(min_length=1)]
    channel: EventChannel | None = None
    countries: frozenset[Country] = frozenset()
    brands: frozenset[Key] = frozenset()
    sample: Sample = 1.0
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

    name: Annotated[Text, Field(max_length=40)]
    url: WebAddress


class BrandIn(Part):
    """A retailer's brand."""

    name: Annotated[Text, Field(max_length=60)]
    privacy_url: WebAddress
    look: LookIn
    share: dict[CountryOrRest, tuple[ShareIn, ...]] = {}


class BrandsIn(Part):
    """`brands.yaml`: the first brand stands in where an event names none."""

    brands: Annotated[dict[Key, BrandIn], Field(min_length=1)]
