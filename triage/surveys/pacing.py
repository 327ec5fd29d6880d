"""How many to ask today, so that a month's target of answers is met and not overshot. Pure.

    missing today = (target - answers so far - answers still to come) / days left
    to ask today  = missing today / response rate, rounded up

    100 wanted in July, 30 by the 15th: 70 missing over 16 days is 4.4 a day; at 12 % ask 37.

Two things make it hold in practice. A unit's rate is smoothed with a prior, as the first
ten messages say little. And who was asked yesterday has not had the time to answer: those
answers are counted before they come, or the month would end above its target.
"""

import calendar
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

ANSWERED_BY_DAY = (0.45, 0.75, 0.87, 0.93, 0.96, 0.98, 1.0)
"""Of those who answer at all, the share that has done so by the end of the day of the message, the
next, ... An assumption, after which links close; a steeper or flatter curve shifts a day's count by
a few answers, and the next day corrects it."""
LOOK_BACK_DAYS = 60
_LOWEST_RATE = 0.01
_VOLUME_DAYS = 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """What happened on one day in one unit."""

    day: date
    eligible: int = 0
    asked: int = 0
    answered: int = 0
    """Answers that came on this day, whenever they were asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """The response rate to expect of a unit, and how many messages that expectation weighs."""

    rate: float
    sends: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """How many of a unit may be asked today, and the figures that led there."""

    target: int
    answered: int
    """This month, until today."""
    coming: float
    """Answers still expected this month of those asked until yesterday."""
    days_left: int
    """With today."""
    rate: float
    today: int
    """To ask today, in all."""
    left: int
    """Of those, not asked yet."""

    def words(self) -> str:
        """Say the sum in a line."""
        return (
            f"{self.answered} of {self.target} answers this month and {self.coming:.1f} to come, "
            f"{self.days_left} days left, {self.rate:.1%} answer: {self.today} today, {self.left} still open"
        )


def to_ask(missing: float, days_left: int, rate: float) -> int:
    """Return how many to ask today. `rate` is the share that answers, above 0."""
    # A hair below the whole number: 0.3 / 0.1 must not become 4 by a rounding error.
    return max(math.ceil(missing / days_left / rate - 1e-9), 0)


def response_rate(days: Iterable[Day], today: date, prior: Prior) -> float:
    """Return the smoothed share that answers; who was asked lately counts by the time they had."""
    seen = [day for day in days if day.day < today]
    answered = sum(day.answered for day in seen)
    had_time = sum(day.asked * _answered_by((today - day.day).days - 1) for day in seen)
    return max((prior.rate * prior.sends + answered) / (prior.sends + had_time), _LOWEST_RATE)


def quota(target: int, days: Iterable[Day], today: date, prior: Prior) -> Quota:
    """Return today's quota of a unit; it stays the same all day. `days` reach back `LOOK_BACK_DAYS`."""
    days = [*days]
    rate = response_rate(days, today, prior)
    month = [day for day in days if (day.day.year, day.day.month) == (today.year, today.month)]
    days_left = calendar.monthrange(today.year, today.month)[1] - today.day + 1
    answered = sum(day.answered for day in month if day.day < today)
    coming = sum(rate * day.asked * _still_to_come(day.day, today, days_left) for day in days)
    wanted = to_ask(max(target - answered - coming, 0.0), days_left, rate)
    asked = sum(day.asked for day in month if day.day == today)
    return Quota(
        target=target,
        answered=answered,
        coming=coming,
        days_left=days_left,
        rate=rate,
        today=wanted,
        left=max(wanted - asked, 0),
    )


def chance(left: int, waiting: int, expected: float) -> float:
    """Return the chance with which the next one is asked, so that all of a day have the same.

    Args:
        left: How many may still be asked today.
        waiting: How many are known to be due today, the next one included.
        expected: How many more are likely to become due today.
    """
    return min(left / max(waiting + expected, 1.0), 1.0)


def expected_today(days: Iterable[Day], today: date, waiting: int) -> float:
    """Return how many more will become due today: as many as on a quiet day of the last two weeks.

    A mean would be too many on every second day, and what is not asked today may be missing
    for good at the end of the month. So the lower quarter, at the price that on busy days the
    last customers have less of a chance than the first.
    """
    days = [*days]
    recent = sorted(day.eligible for day in days if 0 < (today - day.day).days <= _VOLUME_DAYS)
    seen = sum(day.eligible for day in days if day.day == today)
    return max(recent[len(recent) // 4] - seen - waiting, 0.0) if recent else 0.0


def _answered_by(age: int) -> float:
    return ANSWERED_BY_DAY[min(age, len(ANSWERED_BY_DAY) - 1)] if age >= 0 else 0.0


def _still_to_come(asked: date, today: date, days_left: int) -> float:
    """Of those asked on a day before today: the share of answers that will come until the month ends."""
    age = (today - asked).days
    return _answered_by(age + days_left - 1) - _answered_by(age - 1) if age > 0 else 0.0
