import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.training.examples import example
from training.dataset import Example
from training.epochs import epoch_examples
from training.questions import Asked, Questions
from training.schedule import Schedule
from triage.labels import LANGUAGES
from triage.surveys import files
from triage.surveys.form import BANDS

FOLDER = Path("fixtures/surveys")
SURVEYS = Questions(FOLDER)
SURVEY_FILES = files.load(FOLDER).surveys
COLLECTED = example(id="en-b1-001", lang="en", aspects={"pickup": "negative"}, sentiment="negative")
PICKUP = Asked(text="How was collecting?", about=frozenset({"pickup"}), bands=frozenset(BANDS))

OF_LANGUAGE = {
    language: {question.text[language] for survey in SURVEY_FILES.values() for question in survey.questions}
    for language in LANGUAGES
}
OF_PICKUP = {"How was collecting your order?", "How was the waiting time?"}


def draws(comment: Example, times: int = 400) -> list[str | None]:
    rng = random.Random(1)
    return [SURVEYS.beside(comment, rng).question for _ in range(times)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_questions(language: str) -> None:
    ours = set(draws(replace(COLLECTED, lang=language)))
    assert len(ours & OF_LANGUAGE[language]) > 20


def test_a_question_fits_what_it_asks_for() -> None:
    assert PICKUP.fits(COLLECTED)
    assert not PICKUP.fits(replace(COLLECTED, aspects={"price": "negative"}))
    assert replace(PICKUP, about=frozenset()).fits(replace(COLLECTED, aspects={}))


def test_what_went_wrong_fits_blame_only() -> None:
    wrong = replace(PICKUP, bands=frozenset({"negative"}))
    assert wrong.fits(COLLECTED)
    assert not wrong.fits(replace(COLLECTED, sentiment="positive"))
    assert not replace(PICKUP, bands=frozenset({"positive"})).fits(COLLECTED)


def test_fitting_questions_come_often_and_others_too_so_that_none_is_believed() -> None:
    about_price = replace(COLLECTED, aspects={"price": "negative"})
    fitting, other = (sum(text in OF_PICKUP for text in draws(one)) for one in (COLLECTED, about_price))
    assert 2 * other < fitting < 60
    assert other > 0


def test_a_fifth_or_so_is_asked_in_another_language() -> None:
    own = sum(text in OF_LANGUAGE["en"] for text in draws(COLLECTED))
    assert 0.7 < own / 400 < 0.85


def test_text_without_a_language_is_asked_too_so_that_a_question_says_nothing_about_it() -> None:
    assert len(set(draws(replace(COLLECTED, lang="und")))) > 100
    assert None not in draws(replace(COLLECTED, aspects=None, sentiment=None))


def test_what_is_held_out_is_never_trained_with() -> None:
    rng = random.Random(1)
    kept = Questions(FOLDER, held_out=True)
    assert not {kept.beside(COLLECTED, rng).question for _ in range(400)} & set(draws(COLLECTED))


def test_few_surveys_may_hold_no_question_out() -> None:
    kept = Questions(FOLDER, held_out=True)
    kept._asked.clear()
    assert kept.beside(COLLECTED, random.Random(1)) == COLLECTED


def test_the_brand_is_named() -> None:
    assert not any(
        "{" in (text or "") for text in draws(replace(COLLECTED, aspects={}, sentiment="positive"))
    )


def test_an_epoch_asks_the_share_that_its_schedule_says() -> None:
    corpus = [replace(COLLECTED, id=f"en-b1-{n:03d}") for n in range(500)]
    for asked in (0.0, 0.4):
        schedule = Schedule(epochs=1, rate=1e-4, asked=asked, cropped=0.0, beside=0.0)
        drawn = epoch_examples(corpus, schedule, random.Random(1), questions=SURVEYS)
        share = sum(one.question is not None for (one,) in drawn) / len(drawn)
        assert share == pytest.approx(asked, abs=0.06 if asked else 0)
