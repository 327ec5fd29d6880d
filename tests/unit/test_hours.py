from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from triage.routing.hours import add_open_hours
from triage.routing.rules import Area

ROME = ZoneInfo("Europe/Rome")
WEEKDAYS = {"mon-fri": "09:00-18:00", "sat": "10:00-14:00"}


def area(**changes: object) -> Area:
    values = {"countries": ["IT"], "system": "dynamics", "time_zone": "Europe/Rome", "hours": WEEKDAYS}
    return Area.model_validate(values | changes)


def rome(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ROME)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        pytest.param(rome(2026, 3, 4, 10), 4, rome(2026, 3, 4, 14), id="within the day"),
        pytest.param(rome(2026, 3, 4, 10), 8, rome(2026, 3, 4, 18), id="up to closing"),
        pytest.param(rome(2026, 3, 4, 17), 2, rome(2026, 3, 5, 10), id="over the night"),
        pytest.param(rome(2026, 3, 4, 6), 1, rome(2026, 3, 4, 10), id="before opening"),
        pytest.param(rome(2026, 3, 4, 22), 1, rome(2026, 3, 5, 10), id="after closing"),
        pytest.param(rome(2026, 3, 6, 17), 3, rome(2026, 3, 7, 12), id="Friday into Saturday"),
        pytest.param(rome(2026, 3, 7, 13), 2, rome(2026, 3, 9, 10), id="over the Sunday"),
        pytest.param(rome(2026, 3, 8, 12), 1, rome(2026, 3, 9, 10), id="on a Sunday"),
        pytest.param(rome(2026, 3, 4, 9), 49, rome(2026, 3, 10, 18), id="a whole week"),
    ],
)
def test_counts_only_open_hours(start: datetime, hours: int, due: datetime) -> None:
    assert add_open_hours(start, timedelta(hours=hours), area()) == due


def test_holidays_are_closed() -> None:
    closed = area(holidays=[date(2026, 3, 5)])
    assert add_open_hours(rome(2026, 3, 4, 17), timedelta(hours=2), closed) == rome(2026, 3, 6, 10)


def test_the_clocks_going_forward_make_an_opening_shorter() -> None:
    nights = area(hours={"sun": "01:00-04:00", "mon": "09:00-18:00"})
    # 29 March 2026: two o'clock is three o'clock, so that this opening has two hours.
    due = add_open_hours(rome(2026, 3, 29, 0), timedelta(hours=3), nights)
    assert due == rome(2026, 3, 30, 10)


def test_the_clocks_going_back_make_an_opening_longer() -> None:
    nights = area(hours={"sun": "01:00-04:00"})
    assert add_open_hours(rome(2026, 10, 25, 0), timedelta(hours=4), nights) == rome(2026, 10, 25, 4)


def test_the_result_is_in_utc_whatever_the_zone_of_the_start() -> None:
    start = datetime(2026, 3, 4, 1, tzinfo=ZoneInfo("America/New_York"))  # 07:00 in Rome
    due = add_open_hours(start, timedelta(hours=1), area())
    assert due.tzinfo is UTC
    assert due == rome(2026, 3, 4, 10)


def test_opening_hours_are_read_by_day() -> None:
    assert area(hours={"sat-sun": "10:00-12:30"}).hours == {
        5: (time(10), time(12, 30)),
        6: (time(10), time(12, 30)),
    }
