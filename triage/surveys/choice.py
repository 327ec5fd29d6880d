"""Which survey an event leads to, and when it is decided whether to ask. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.settings import AskingSettings
from triage.surveys.event import UNITS, CustomerEvent
from triage.surveys.form import Catalogue, Survey
from triage.surveys.timing import first_due, zone_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The survey that may be sent after an event; None where there is none, as `reasons` say."""

    survey: Survey | None
    reasons: tuple[str, ...]


def choose(event: CustomerEvent, drawn_by: str, catalogue: Catalogue) -> Choice:
    """Return the survey of the highest priority whose criteria and random sample include `event`.

    `drawn_by` is the id of an event: its own, or that of its order's first, so that an order of which
    purchase and delivery are told is drawn once.
    """
    if waits_for_delivery(event) and event.order_number is None:
        return Choice(
            survey=None, reasons=("an online purchase without an order number: when is it delivered?",)
        )
    reasons = []
    for survey in sorted(catalogue.surveys.values(), key=lambda s: (-s.criteria.priority, s.key)):
        if not matches(event, survey):
            continue
        drawn = draw(f"{survey.key} {drawn_by}")
        if drawn < survey.criteria.sample:
            reasons.append(f"survey {survey.key}: meets its criteria")
            return Choice(survey=survey, reasons=tuple(reasons))
        reasons.append(f"survey {survey.key}: not in its random sample of {survey.criteria.sample:.0%}")
    kind = f"{event.kind} ({event.channel})" if event.channel else event.kind
    return Choice(survey=None, reasons=tuple(reasons) or (f"no survey is sent after this {kind}",))


def matches(event: CustomerEvent, survey: Survey) -> bool:
    """Return whether `event` meets a survey's criteria."""
    wanted = survey.criteria
    return (
        event.kind in wanted.events
        and wanted.channel in (None, event.channel)
        and _admits(wanted.countries, event.country)
        and _admits(wanted.brands, event.brand)
    )


def draw(name: str) -> float:
    """Return a number from 0 to 1 that is random over names and the same for the same one.

    So a decision can be repeated and explained. The names hold 80 random bits that nobody outside knows.
    """
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big") / 2**56


def waits_for_delivery(event: CustomerEvent) -> bool:
    """Return whether nothing can be said about the event before the goods are there."""
    return event.kind == "purchase" and event.channel == "online"


def unit_of(event: CustomerEvent, survey: Survey) -> str | None:
    """Return what the survey's target is counted by: the store's name, or another; None for neither."""
    return UNITS[survey.target.per](event) if survey.target else None


def zone(event: CustomerEvent, asking: AskingSettings) -> str:
    """Return the customer's time zone."""
    return event.time_zone or zone_of(event.country, asking.time_zones, asking.default_time_zone)


def due(survey: Survey, since: datetime, now: datetime, zone: str, asking: AskingSettings) -> datetime:
    """Return when to ask about what was over at `since`."""
    return first_due(
        survey.criteria.timing, since, now, minutes=asking.minutes, window=asking.window, zone=zone
    )


def held_until(event: CustomerEvent, asking: AskingSettings) -> datetime:
    """Return when an online purchase whose delivery never comes is given up."""
    return event.occurred_at + timedelta(days=asking.hold_days)


def _admits(wanted: frozenset[str], value: str | None) -> bool:
    return not wanted or value in wanted
