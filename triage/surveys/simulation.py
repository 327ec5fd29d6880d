"""A month of pacing with customers who answer as they please: does each store meet its target?

Every store has its own response rate, far from what the prior says of it, that wanders from
day to day; its number of customers varies too, and answers come late. Pure but for its random source.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from triage.surveys.pacing import ANSWERED_BY_DAY, Day, Prior, chance, expected_today, quota

PRIOR = Prior(rate=0.12, sends=50)


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """What the simulation knows of a store, and pacing does not."""

    target: int
    rate: float
    """Share that answers, on an average day."""
    customers: float
    """Who could be asked, on an average day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """How the month of a store went."""

    store: Store
    answers: tuple[int, ...]
    """Up to each day."""
    asked: int
    eligible: int

    @property
    def was_possible(self) -> bool:
        """Whether asking every customer would have given the target with a tenth to spare."""
        return self.eligible * self.store.rate >= 1.1 * self.store.target

    @property
    def within_a_tenth(self) -> bool:
        """Whether the answers ended within 10 % of the target."""
        return abs(self.answers[-1] - self.store.target) <= 0.1 * self.store.target


def stores(count: int, source: random.Random) -> list[Store]:
    """Return stores of every size, a few of which have too few customers."""
    made = []
    for _ in range(count):
        target, rate = source.choice((50, 80, 100, 150, 200)), source.uniform(0.05, 0.28)
        needed = target / rate / 31
        made.append(Store(target=target, rate=rate, customers=needed * source.uniform(0.9, 4.0)))
    return made


def month(store: Store, source: random.Random, first: date = date(2026, 7, 1), days: int = 31) -> Month:
    """Live through a month of one store, customer by customer."""
    past: list[Day] = []
    coming: dict[date, int] = {}
    for today in (first + timedelta(days=n) for n in range(days)):
        eligible = max(round(source.gauss(store.customers, store.customers * 0.3)), 0)
        asked = _ask(store.target, past, today, eligible, source)
        rate = min(store.rate * source.uniform(0.6, 1.4), 1.0)
        for _ in range(asked):
            if source.random() < rate:
                answers_on = today + timedelta(days=_delay(source))
                coming[answers_on] = coming.get(answers_on, 0) + 1
        past.append(Day(day=today, eligible=eligible, asked=asked, answered=coming.get(today, 0)))
    return Month(
        store=store,
        answers=tuple(sum(day.answered for day in past[: n + 1]) for n in range(days)),
        asked=sum(day.asked for day in past),
        eligible=sum(day.eligible for day in past),
    )


def _ask(target: int, past: Sequence[Day], today: date, eligible: int, source: random.Random) -> int:
    """Draw those of a day as a round does: one by one, not knowing how many more will come."""
    left = quota(target, past, today, PRIOR).left
    asked = 0
    for number in range(eligible):
        so_far = [*past, Day(day=today, eligible=number)]
        if source.random() < chance(left - asked, 1, expected_today(so_far, today, waiting=1)):
            asked += 1
    return asked


def _delay(source: random.Random) -> int:
    drawn = source.random()
    return next(age for age, share in enumerate(ANSWERED_BY_DAY) if drawn <= share)
