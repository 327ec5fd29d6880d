"""Time rules, to the minute: windows, clock changes, month ends, time zones."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from triage.surveys.timing import days_later, end_of_day, first_due, local_day, next_open, zone_of

WINDOW = (time(9), time(20))
ROME = "Europe/Rome"


def rome(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ROME))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-04 08:59", "2026-03-04 09:00"),
        ("2026-03-04 09:00", "2026-03-04 09:00"),
        ("2026-03-04 19:59", "2026-03-04 19:59"),
        ("2026-03-04 20:00", "2026-03-05 09:00"),
        ("2026-12-31 23:30", "2027-01-01 09:00"),
        ("2026-02-28 20:01", "2026-03-01 09:00"),
        ("2028-02-28 20:01", "2028-02-29 09:00"),
        ("2026-03-29 00:30", "2026-03-29 09:00"),  # the night that loses an hour
        ("2026-10-25 00:30", "2026-10-25 09:00"),  # the night that has one more
    ],
)
def test_messages_wait_for_the_window(now: str, expected: str) -> None:
    assert next_open(rome(now), WINDOW, ROME) == rome(expected)


def test_the_window_is_the_customers_own() -> None:
    now = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    assert next_open(now, WINDOW, "Europe/Lisbon") == now
    assert next_open(now, WINDOW, "America/New_York") == datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
    assert next_open(now, WINDOW, "Asia/Tokyo") == datetime(2026, 3, 5, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "days", "expected"),
    [
        ("2026-03-28 10:15", 1, "2026-03-29 10:15"),  # 23 hours later
        ("2026-10-24 10:15", 1, "2026-10-25 10:15"),  # 25 hours later
        ("2026-01-31 10:15", 1, "2026-02-01 10:15"),
        ("2026-02-26 10:15", 3, "2026-03-01 10:15"),
        ("2026-03-04 19:59", 1, "2026-03-05 19:59"),
    ],
)
def test_a_day_later_is_the_same_time_of_day(since: str, days: int, expected: str) -> None:
    assert days_later(rome(since), days, WINDOW, ROME) == rome(expected)


def test_a_time_that_the_clock_leaves_out_is_not_lost() -> None:
    all_night = (time(0), time(23, 59))
    assert days_later(rome("2026-03-28 02:30"), 1, all_night, ROME) == rome("2026-03-29 03:30")


@pytest.mark.parametrize(
    ("timing", "since", "now", "expected"),
    [
        ("within_minutes", "2026-03-04 11:00", "2026-03-04 11:01", "2026-03-04 11:10"),
        ("within_minutes", "2026-03-04 11:00", "2026-03-04 13:00", "2026-03-04 13:00"),
        ("within_minutes", "2026-03-04 19:55", "2026-03-04 19:56", "2026-03-05 09:00"),
        ("next_day", "2026-03-04 11:00", "2026-03-04 11:01", "2026-03-05 09:00"),
        ("next_day", "2026-03-04 23:59", "2026-03-05 00:10", "2026-03-05 09:00"),
        ("next_day", "2026-03-02 11:00", "2026-03-04 15:00", "2026-03-04 15:00"),  # told late
        ("next_day", "2026-03-28 11:00", "2026-03-28 11:01", "2026-03-29 09:00"),
        ("next_day", "2026-12-31 11:00", "2026-12-31 11:01", "2027-01-01 09:00"),
    ],
)
def test_when_a_customer_is_asked(timing: str, since: str, now: str, expected: str) -> None:
    due = first_due(timing, rome(since), rome(now), minutes=10, window=WINDOW, zone=ROME)  # type: ignore[arg-type]
    assert due == rome(expected)


def test_days_end_at_the_customers_midnight() -> None:
    day = local_day(datetime(2026, 7, 31, 23, 30, tzinfo=UTC), ROME)
    assert (day.month, day.day) == (8, 1)
    assert end_of_day(day, ROME) == rome("2026-08-02 00:00")


def test_zones_of_countries() -> None:
    assert zone_of("IT", {}, "UTC") == ROME
    assert zone_of("RU", {"RU": "Europe/Moscow"}, "UTC") == "Europe/Moscow"
    assert zone_of(None, {}, "Europe/London") == "Europe/London"
    assert zone_of("XK", {}, "Europe/London") == "Europe/London"  # not in tz's list
