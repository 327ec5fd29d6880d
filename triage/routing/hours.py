"""Opening hours: when a number of working hours will have passed."""

from datetime import UTC, datetime, timedelta

from triage.routing.rules import Area


def add_open_hours(start: datetime, amount: timedelta, area: Area) -> datetime:
    """Return the moment, in UTC, when `area` will have been open for `amount` since `start`.

    `start` is timezone-aware. Hours are real ones: on the day the clocks change, an
    opening from 01:00 to 04:00 lasts two hours or four.
    """
    day = start.astimezone(area.time_zone).date()
    remaining = amount
    while True:
        opening = None if day in area.holidays else area.hours.get(day.weekday())
        if opening:
            opens, closes = (
                datetime.combine(day, moment, tzinfo=area.time_zone).astimezone(UTC) for moment in opening
            )
            begin = max(opens, start.astimezone(UTC))
            if begin + remaining <= closes:
                return begin + remaining
            remaining -= max(closes - begin, timedelta(0))
        day += timedelta(days=1)
