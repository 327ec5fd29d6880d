"""When something happens, in the customer's own time. Pure.

Hours and days are those of the customer's clock: a day later is the same time on the
next date, however many hours the night of a clock change has.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from triage.surveys.form import Timing

Window = tuple[time, time]
"""From (included) to (not included), on one day."""


def first_due(
    timing: Timing, since: datetime, now: datetime, *, minutes: int, window: Window, zone: str
) -> datetime:
    """Return when to ask about something that happened at `since` and is known from `now` on."""
    if timing == "within_minutes":
        soonest = since + timedelta(minutes=minutes)
    else:
        soonest = _at(local_day(since, zone) + timedelta(days=1), window[0], zone)
    return next_open(max(soonest, now), window, zone)


def days_later(moment: datetime, days: int, window: Window, zone: str) -> datetime:
    """Return the same local time `days` later, or the first moment after it in the window."""
    there = moment.astimezone(ZoneInfo(zone))
    return next_open(_at(there.date() + timedelta(days=days), there.time(), zone), window, zone)


def next_open(moment: datetime, window: Window, zone: str) -> datetime:
    """Return `moment` where messages may go out then, or else when they next may; in UTC."""
    there = moment.astimezone(ZoneInfo(zone))
    if window[0] <= there.time() < window[1]:
        return moment.astimezone(UTC)
    day = there.date() if there.time() < window[0] else there.date() + timedelta(days=1)
    return _at(day, window[0], zone)


def local_day(moment: datetime, zone: str) -> date:
    """Return the date on the customer's calendar."""
    return moment.astimezone(ZoneInfo(zone)).date()


def end_of_day(day: date, zone: str) -> datetime:
    """Return when `day` ends on the customer's calendar, in UTC."""
    return _at(day + timedelta(days=1), time(), zone)


def zone_of(country: str | None, zones: Mapping[str, str], default: str) -> str:
    """Return the time zone to assume in a country; `zones` come before the tz database's own first."""
    return zones.get(country or "") or _first_zones().get(country or "", default)


def _at(day: date, clock: time, zone: str) -> datetime:
    # A time that a clock change leaves out becomes the one as far behind it: zoneinfo counts on.
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


@cache
def _first_zones() -> dict[str, str]:
    """Read the tz database's list of zones by country."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    zones: dict[str, str] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            zones.setdefault(country, zone)
    return zones
