"""The sum that decides how many are asked today."""

from datetime import date, timedelta

import pytest

from triage.surveys.pacing import Day, Prior, chance, expected_today, quota, response_rate, to_ask

PRIOR = Prior(rate=0.12, sends=50)


def test_the_example_of_the_retailers() -> None:
    assert to_ask(100 - 30, 16, 0.12) == 37


@pytest.mark.parametrize(
    ("missing", "days", "rate", "expected"),
    [(0, 10, 0.1, 0), (1, 1, 1.0, 1), (0.3, 1, 0.1, 3), (10, 1, 0.01, 1000), (-3, 2, 0.1, 0)],
)
def test_to_ask(missing: float, days: int, rate: float, expected: int) -> None:
    assert to_ask(missing, days, rate) == expected


def test_the_first_of_a_month_knows_nothing_and_takes_the_prior() -> None:
    found = quota(100, [], date(2026, 7, 1), PRIOR)
    assert (found.days_left, found.rate, found.today, found.left) == (31, 0.12, 27, 27)


def test_the_last_day_has_one_day_left() -> None:
    days = [Day(day=date(2026, 2, 1), asked=700, answered=84)]
    assert quota(100, days, date(2026, 2, 28), PRIOR).days_left == 1
    assert quota(100, days, date(2026, 2, 28), PRIOR).today == pytest.approx(16 / 0.12, abs=1)


def test_last_months_answers_do_not_count_but_its_rate_does() -> None:
    june = [Day(day=date(2026, 6, d), asked=30, answered=6) for d in range(1, 24)]
    found = quota(100, june, date(2026, 7, 1), PRIOR)
    assert found.answered == 0
    assert 0.17 < found.rate < 0.2
    assert found.coming == 0.0  # who was asked eight days ago has answered or never will


def test_who_was_asked_yesterday_still_answers() -> None:
    days = [Day(day=date(2026, 7, 9), asked=100, answered=5)]
    found = quota(50, days, date(2026, 7, 10), PRIOR)
    assert 5 < found.coming < 8
    assert found.today == to_ask(45 - found.coming, 22, found.rate) < to_ask(45, 22, found.rate)


def test_today_changes_nothing_about_today() -> None:
    yesterday = Day(day=date(2026, 7, 9), asked=40, answered=4)
    today = Day(day=date(2026, 7, 10), eligible=30, asked=12, answered=9)
    before = quota(100, [yesterday], date(2026, 7, 10), PRIOR)
    after = quota(100, [yesterday, today], date(2026, 7, 10), PRIOR)
    assert (after.today, after.left) == (before.today, before.today - 12)


def test_one_lucky_answer_does_not_make_a_rate() -> None:
    lucky = [Day(day=date(2026, 7, 1), asked=1, answered=1)]
    assert response_rate(lucky, date(2026, 7, 20), PRIOR) < 0.14
    many = [Day(day=date(2026, 7, 1), asked=2000, answered=600)]
    assert response_rate(many, date(2026, 7, 20), PRIOR) == pytest.approx(0.3, abs=0.01)


def test_nobody_answers_and_still_nobody_divides_by_zero() -> None:
    silent = [Day(day=date(2026, 7, 1), asked=100_000)]
    assert quota(100, silent, date(2026, 7, 20), PRIOR).today == to_ask(100, 12, 0.01)


def test_a_target_that_is_met_asks_nobody() -> None:
    done = [Day(day=date(2026, 7, 2), asked=500, answered=130)]
    assert quota(100, done, date(2026, 7, 20), PRIOR).today == 0
    assert quota(0, [], date(2026, 7, 20), PRIOR).today == 0


def test_the_chance_is_the_same_for_all_of_a_day() -> None:
    """Drawn one by one: whoever comes first or last, each is asked in one of four cases."""
    asked = [0] * 8
    for numbers in _all_draws(8):
        left = 2
        for place, number in enumerate(numbers):
            if number < chance(left, 8 - place, 0.0):
                left -= 1
                asked[place] += 1
        assert left == 0
    assert all(abs(times - 1000) < 110 for times in asked), asked  # four standard deviations


def _all_draws(size: int) -> list[list[float]]:
    import random

    source = random.Random(5)
    return [[source.random() for _ in range(size)] for _ in range(4000)]


def test_more_to_come_lowers_the_chance() -> None:
    assert chance(4, 2, 0.0) == 1.0
    assert chance(4, 2, 14.0) == 0.25
    assert chance(0, 2, 0.0) == 0.0


def test_how_many_more_come_today() -> None:
    """As many as on a quiet day: what is left over at the end of a day may be missing for good."""
    today = date(2026, 7, 20)
    days = [Day(day=today - timedelta(days=n), eligible=40 if n % 2 else 80) for n in range(1, 15)]
    assert expected_today(days, today, waiting=0) == 40
    assert expected_today([*days, Day(day=today, eligible=25)], today, waiting=5) == 10
    assert expected_today([*days, Day(day=today, eligible=70)], today, waiting=5) == 0
    assert expected_today([], today, waiting=5) == 0
