import math

import numpy as np
import pytest

from tests.unit.training.examples import example, plain
from training.metrics import (
    TASKS,
    Pair,
    average,
    bootstrap,
    by_language,
    calibration_error,
    interval,
    mean_draws,
    prf,
    score,
    word_overlap,
    worst,
)


def test_a_perfect_answer_scores_one_everywhere_it_can_be_counted() -> None:
    scores = score([(example(), example()), (plain(), plain())])
    counted = {task: value for task, value in vars(scores).items() if task != "urgent_f1"}
    assert set(counted.values()) == {1.0}
    assert math.isnan(scores.urgent_f1)  # nothing was urgent, and nothing was called urgent


def test_requests_count_as_precision_recall_and_f1() -> None:
    missed, invented = (example(), plain()), (plain(), example())
    scores = score([(example(), example()), missed, invented, (plain(), plain())])
    assert (scores.request_precision, scores.request_recall, scores.request_f1) == (0.5, 0.5, 0.5)


def test_an_intent_counts_only_where_there_is_a_request() -> None:
    wrong = example(request="privacy")
    assert score([(example(), wrong), (plain(), wrong)]).intent_accuracy == 0.0
    assert score([(example(), example()), (plain(), wrong)]).intent_accuracy == 1.0


def test_a_category_with_the_wrong_polarity_is_half_right() -> None:
    found = example(aspects={"staff": "negative", "delivery": "negative"})
    scores = score([(example(), found)])
    assert scores.category_f1 == 1.0
    assert scores.aspect_f1 == 0.5


def test_short_texts_count_apart_for_language() -> None:
    short = example(text="where is it", lang="en")
    scores = score([(example(), example(lang="nl")), (short, short)])
    assert (scores.language_long, scores.language_short) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [("where is it", "WHERE is it?", 1.0), ("a a b", "a b b", 2 / 3), ("a", "b", 0.0), ("", "", 0.0)],
)
def test_overlap_is_over_words_as_multisets(first: str, second: str, overlap: float) -> None:
    assert word_overlap(first, second) == pytest.approx(overlap)


def test_nothing_to_find_is_no_failure() -> None:
    assert math.isnan(prf((0, 0, 0))[2])
    assert prf((0, 1, 0))[2] == 0.0
    assert prf((3, 1, 1)) == (0.75, 0.75, 0.75)


def two_languages() -> list[Pair]:
    good = [(example(), example()), (plain(), plain())]
    bad = [(example(id="it-b1-001"), plain(id="it-b1-001")), (plain(id="it-b1-002"), plain(id="it-b1-002"))]
    return good + bad


def test_mean_and_worst_count_languages_alike_and_leave_out_the_undetermined() -> None:
    scores = by_language([*two_languages(), (plain(id="und-b1-001"), example(id="und-b1-001"))])
    assert average(scores, "request_f1") == 0.5
    assert worst(scores, "request_f1") == (0.0, "it")


def test_a_task_that_no_language_can_count_has_no_figure() -> None:
    scores = by_language([(plain(), plain())])
    assert math.isnan(average(scores, "intent_accuracy"))
    assert worst(scores, "intent_accuracy")[1] == "-"


def test_bootstrap_is_repeatable_and_its_interval_holds_the_figure() -> None:
    pairs = [(example(), example()), (example(), plain()), (plain(), plain())] * 10
    draws = bootstrap(pairs, rounds=60)
    assert draws["en"].shape == (60, len(TASKS))
    np.testing.assert_array_equal(draws["en"], bootstrap(pairs, rounds=60)["en"])
    low, high = interval(draws["en"])["request_f1"]
    assert low < score(pairs).request_f1 < high


def test_the_mean_of_draws_skips_what_a_language_cannot_count() -> None:
    draws = bootstrap(two_languages(), rounds=20)
    mean = mean_draws(draws)
    assert mean.shape == (20, len(TASKS))
    assert np.isnan(mean[:, TASKS.index("urgent_f1")]).all()
    assert not np.isnan(mean[:, TASKS.index("sentiment_accuracy")]).any()


def test_calibration_error_is_the_gap_between_claim_and_truth() -> None:
    confidence = np.full(100, 0.8)
    right = np.arange(100) % 5 > 0
    rng = np.random.default_rng(1)
    assert calibration_error(confidence, rng.permutation(right), bins=1) == pytest.approx(0.0)
    assert calibration_error(confidence, np.ones(100, dtype=bool)) == pytest.approx(0.2)
