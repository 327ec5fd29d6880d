"""The counts that pacing lives on, and the draws of one round. Every change is one statement."""

from datetime import date, datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select

from triage.settings import AskingSettings
from triage.surveys.choice import draw
from triage.surveys.form import Survey
from triage.surveys.pacing import LOOK_BACK_DAYS, Day, Prior, Quota, chance, expected_today, quota
from triage.surveys.tables import EventRow, PaceRow
from triage.surveys.timing import end_of_day, local_day

_NO_UNIT = ""


def count(
    session: Session,
    survey: str,
    unit: str | None,
    day: date,
    *,
    eligible: int = 0,
    asked: int = 0,
    answered: int = 0,
) -> None:
    """Add to the counts of a day, whoever else adds at the same moment."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    more = {"eligible": eligible, "asked": asked, "answered": answered}
    row = insert(PaceRow).values(survey=survey, unit=unit or _NO_UNIT, day=day, **more)
    raised = {name: getattr(PaceRow, name) + number for name, number in more.items()}
    session.execute(row.on_conflict_do_update(index_elements=["survey", "unit", "day"], set_=raised))


def days_of(session: Session, survey: str, unit: str | None, today: date) -> list[Day]:
    """Return the days of a unit that pacing looks at, oldest first."""
    query = select(PaceRow).where(
        PaceRow.survey == survey,
        PaceRow.unit == (unit or _NO_UNIT),
        PaceRow.day >= today - timedelta(days=LOOK_BACK_DAYS),
        PaceRow.day <= today,
    )
    return [
        Day(day=row.day, eligible=row.eligible, asked=row.asked, answered=row.answered)
        for row in session.exec(query.order_by(col(PaceRow.day)))
    ]


def quota_of(
    session: Session, survey: Survey, unit: str | None, today: date, asking: AskingSettings
) -> Quota | None:
    """Return today's quota of a unit; None where the survey has no target."""
    if survey.target is None:
        return None
    target = asking.targets.get(survey.key, {}).get(unit or _NO_UNIT, survey.target.answers)
    prior = Prior(rate=asking.prior_rate, sends=asking.prior_sends)
    return quota(target, days_of(session, survey.key, unit, today), today, prior)


class Draws:
    """The draws of one transaction: each unit's day is read once and counted down."""

    def __init__(self, session: Session, asking: AskingSettings, now: datetime) -> None:
        """`session` must be alone in drawing until it commits."""
        self._session = session
        self._asking = asking
        self._now = now
        self._units: dict[tuple[str, str | None], _Unit] = {}

    def draw(self, event: EventRow, survey: Survey, *, eligible: bool) -> tuple[bool, str]:
        """Return whether `event` is drawn, and why; one that is not eligible only stops waiting."""
        day = local_day(self._now, str(event.time_zone))
        unit = self._unit(event, survey, day)
        if not eligible:
            unit.waiting -= 1
            return False, ""
        drawn, words = unit.draw(draw(f"pace {event.id}"))
        count(self._session, survey.key, event.unit, day, eligible=1, asked=int(drawn))
        return drawn, words

    def _unit(self, event: EventRow, survey: Survey, day: date) -> "_Unit":
        key = (survey.key, event.unit)
        if key not in self._units:
            waiting = self._waiting(event, end_of_day(day, str(event.time_zone)))
            found = quota_of(self._session, survey, event.unit, day, self._asking)
            days = days_of(self._session, survey.key, event.unit, day) if found else []
            self._units[key] = _Unit(found, waiting, expected_today(days, day, waiting))
        return self._units[key]

    def _waiting(self, event: EventRow, until: datetime) -> int:
        query = select(func.count()).where(
            EventRow.survey == event.survey,
            EventRow.unit == event.unit,
            EventRow.state == "waiting",
            col(EventRow.due_at) < until,
        )
        return self._session.exec(query).one()


class _Unit:
    """One unit on one day: an exact random sample, drawn one by one."""

    def __init__(self, found: Quota | None, waiting: int, expected: float) -> None:
        self._quota = found
        self._left = found.left if found else 0
        self._expected = expected
        self.waiting = waiting

    def draw(self, drawn: float) -> tuple[bool, str]:
        if self._quota is None:
            return True, "no target: everybody in the sample is asked"
        limit = chance(self._left, self.waiting, self._expected)
        self.waiting -= 1
        asked = drawn < limit
        self._left -= asked
        sign = "drawn" if asked else "not drawn"
        return asked, f"{sign}: {drawn:.3f} of a chance of {limit:.3f} ({self._quota.words()})"
