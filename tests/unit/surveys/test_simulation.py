"""The promise of pacing, over many months: targets are met where there are customers enough."""

import random

from triage.surveys.simulation import Store, month, stores


def test_nine_of_ten_stores_end_within_a_tenth_of_their_target() -> None:
    source = random.Random(20260701)
    for _ in range(4):
        months = [month(store, source) for store in stores(50, source)]
        possible = [m for m in months if m.was_possible]
        assert len(possible) >= 35
        good = sum(m.within_a_tenth for m in possible)
        assert good >= 0.9 * len(possible), [
            (m.store, m.answers[-1]) for m in possible if not m.within_a_tenth
        ]


def test_answers_come_all_month_long_and_not_in_its_first_days() -> None:
    source = random.Random(7)
    months = [month(Store(target=100, rate=0.12, customers=80), source) for _ in range(20)]
    halfway = [m.answers[15] for m in months]
    assert 35 <= sum(halfway) / len(halfway) <= 65


def test_a_store_with_too_few_customers_asks_them_all() -> None:
    poor = month(Store(target=100, rate=0.1, customers=5), random.Random(1))
    assert not poor.was_possible
    # The first day has no history that says how many will come.
    assert poor.asked >= 0.95 * poor.eligible
