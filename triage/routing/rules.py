"""The form of a rules file. `default.yaml` beside this module shows it with comments."""

import re
from datetime import date, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from triage.countries import COUNTRIES
from triage.labels import Category, Intent, Language, Polarity, Sentiment
from triage.types import Priority, System

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _country(code: object) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"unknown country {code!r}; use ISO 3166-1 alpha-2, such as IT")
    return str(code)


def _countries(value: object) -> frozenset[str]:
    """Read a list of countries, or `*`, which stays a member of its own."""
    if value == "*":
        return frozenset("*")
    if not isinstance(value, list) or not value:
        raise ValueError('give a list of countries, or "*" for all that no other area names')
    return frozenset(map(_country, value))


def _duration(value: object) -> timedelta:
    match = re.fullmatch(r"(\d{1,4})([hm])", str(value))
    if not match or int(match[1]) == 0:
        raise ValueError(f"{value!r} is not a time span; write hours or minutes, such as 4h or 90m")
    return timedelta(hours=int(match[1])) if match[2] == "h" else timedelta(minutes=int(match[1]))


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}; use an IANA name such as Europe/Rome") from error


def _week(value: object) -> dict[int, tuple[time, time]]:
    """Read `{"mon-fri": "09:00-18:00"}` into opening and closing times by weekday, Monday 0."""
    if not isinstance(value, dict) or not value:
        raise ValueError('opening hours are days and times, such as {mon-fri: "09:00-18:00"}')
    week: dict[int, tuple[time, time]] = {}
    for days, hours in value.items():
        for day in _day_range(str(days)):
            if day in week:
                raise ValueError(f"{DAYS[day]} has two opening hours")
            week[day] = _hours(str(hours))
    return week


def _day_range(days: str) -> range:
    first, _, last = days.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        raise ValueError(f"{days!r} is not a day or a range of days, such as mon-fri")
    span = range(DAYS.index(first), DAYS.index(last or first) + 1)
    if not span:
        raise ValueError(f"{days!r} runs backwards; write it as two lines")
    return span


def _hours(hours: str) -> tuple[time, time]:
    try:
        opens, closes = (time.fromisoformat(part) for part in hours.split("-"))
    except ValueError as error:
        raise ValueError(f'{hours!r} is not an opening time, such as "09:00-18:00"') from error
    if opens >= closes:
        raise ValueError(f"{hours!r} closes before it opens")
    return opens, closes


def _aspect(value: object) -> tuple[str, str | None]:
    category, _, polarity = str(value).partition(":")
    return category.strip(), polarity.strip() or None


Country = Annotated[str, BeforeValidator(_country)]
Duration = Annotated[timedelta, PlainValidator(_duration)]
Aspect = Annotated[tuple[Category, Polarity | None], BeforeValidator(_aspect)]
"""`delivery`, or with its polarity `delivery:negative`."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Opening(_Part):
    """What opens a ticket, besides a request and urgency, which always do."""

    score_below: int | None = Field(default=5, ge=1, le=11)
    """A comment under this score, even where it asks nothing; null for none."""
    unsure_requests: bool = True
    """Comments in which the model cannot tell whether there is a request."""


class Area(_Part):
    """The countries that one contact centre serves, and when and in what languages it works."""

    countries: Annotated[frozenset[str], PlainValidator(_countries)]
    """One area has `*`: it serves every country that no other names, and responses without one."""
    system: System
    time_zone: Annotated[ZoneInfo, PlainValidator(_zone)]
    hours: Annotated[dict[int, tuple[time, time]], PlainValidator(_week)]
    holidays: frozenset[date] = frozenset()
    languages: tuple[Language, ...] = ()
    """What its people read; empty for all."""
    other_languages: Name | None = None
    """The area that takes comments in other languages; null to keep them."""


class Queue(_Part):
    """A kind of work. Its name in tickets is `<area>-<queue>`."""

    due: dict[Priority, Duration]
    """How soon to answer, in opening hours of the area."""
    around_the_clock: bool = False
    """Count all hours instead."""


class ScoreRange(_Part):
    """Scores from `at_least` up to, not including, `below`."""

    at_least: int = Field(default=0, ge=0, le=10)
    below: int = Field(default=11, ge=1, le=11)


class Conditions(_Part):
    """All that are given must hold; of the values of one, any."""

    country: tuple[Country, ...] | None = None
    touchpoint: tuple[str, ...] | None = None
    survey: tuple[str, ...] | None = None
    channel: tuple[str, ...] | None = None
    score: ScoreRange | None = None
    request: bool | None = None
    intent: tuple[Intent, ...] | None = None
    aspects: tuple[Aspect, ...] | None = None
    sentiment: tuple[Sentiment, ...] | None = None
    urgent: bool | None = None
    language: tuple[Language | Literal["und"], ...] | None = None
    unsure: tuple[str, ...] | None = None
    """Parts of the finding on which the model abstained, such as `request`."""


class Rule(_Part):
    """Where tickets go that meet the conditions; the first rule that matches decides."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    when: Conditions = Conditions()
    queue: Name
    priority: Priority = "normal"
    system: System | None = None
    """Instead of the area's own."""
    due: Duration | None = None
    """Instead of the queue's."""


def _at_least_one(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if not rules:
        raise ValueError("there must be at least one rule")
    return rules


class Rules(_Part):
    """A whole rules file."""

    version: Literal[1]
    open: Opening = Opening()
    areas: dict[Name, Area]
    queues: dict[Name, Queue]
    rules: Annotated[tuple[Rule, ...], AfterValidator(_at_least_one)]

    def area_of(self, country: str | None) -> str:
        """Return the name of the area that serves `country`."""
        names = {code: name for name, area in self.areas.items() for code in area.countries}
        return names.get(country or "*", names["*"])
