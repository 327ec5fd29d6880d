import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.training.examples import example
from training.dataset import Example
from training.questions import Asked, Questions
from training.train import Schedule, epoch_examples
from triage.labels import LANGUAGES

SURVEYS = Questions(Path("fixtures/surveys"))
COLLECTED = example(id="en-b1-001", lang="en", aspects={"pickup": "negative"}, sentiment="negative")
PICKUP = Asked(text="How was collecting?", about=frozenset({"pickup"}), after_bad_score=False)

OF_PICKUP = {"How was collecting your order?", "How was the waiting time?"}


def draws(comment: Example, times: int = 400) -> list[str | None]:
    rng = random.Random(1)
    return [SURVEYS.beside(comment, rng).question for _ in range(times)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_questions(language: str) -> None:
    assert len(set(draws(replace(COLLECTED, lang=language)))) > 20


def test_a_question_fits_what_it_asks_for() -> None:
    assert PICKUP.fits(COLLECTED)
    assert not PICKUP.fits(replace(COLLECTED, aspects={"price": "negative"}))
    assert replace(PICKUP, about=frozenset()).fits(replace(COLLECTED, aspects={}))


def test_what_went_wrong_fits_blame_only() -> None:
    wrong = replace(PICKUP, after_bad_score=True)
    assert wrong.fits(COLLECTED)
    assert not wrong.fits(replace(COLLECTED, sentiment="positive"))


def test_fitting_questions_come_often_and_others_too_so_that_none_is_believed() -> None:
    about_price = replace(COLLECTED, aspects={"price": "negative"})
    fitting, other = (sum(text in OF_PICKUP for text in draws(one)) for one in (COLLECTED, about_price))
    assert 2 * other < fitting < 0.4 * 400
    assert other > 0


def test_some_are_asked_in_another_language() -> None:
    greek = [text for text in draws(COLLECTED) if text and any("α" <= letter <= "ω" for letter in text)]
    assert 0 < len(greek) < 20


def test_text_without_a_language_or_labels_is_left_alone() -> None:
    rng = random.Random(1)
    assert SURVEYS.beside(replace(COLLECTED, lang="und"), rng).question is None
    assert SURVEYS.beside(replace(COLLECTED, aspects=None), rng).question is None


def test_an_epoch_asks_the_share_that_its_schedule_says() -> None:
    corpus = [replace(COLLECTED, id=f"en-b1-{n:03d}") for n in range(500)]
    for asked in (0.0, 0.4):
        schedule = Schedule(epochs=1, rate=1e-4, asked=asked, cropped=0.0, beside=0.0)
        drawn = epoch_examples(corpus, schedule, random.Random(1), questions=SURVEYS)
        assert abs(sum(one.question is not None for one in drawn) / len(drawn) - asked) < 0.06
