from dataclasses import replace

from models.stub import StubPredictor
from tests.unit.training.examples import plain
from training.dataset import Example
from training.evaluate import Judged, judge
from training.origins import measure
from triage.labels import LANGUAGES

UNSURE = (1 / (len(LANGUAGES) + 1),) * (len(LANGUAGES) + 1)


def judged(*examples: Example) -> list[Judged]:
    """By a model that knows no language: words and the post's origin are all there is."""
    found = judge(examples, StubPredictor())
    return [
        replace(one, prediction=one.prediction and replace(one.prediction, language=UNSURE)) for one in found
    ]


def words(code: str, text: str) -> Example:
    return plain(id=f"{code}-b5-001", lang=code, text=text)


def test_a_shared_word_is_told_by_the_right_locale_and_mistold_by_a_wrong_one() -> None:
    told = measure(judged(*(words(code, "super") for code in ("de", "fr", "pl", "nl"))))
    nothing, locale, country, turns, misled = (one.short for one in told.values())
    assert nothing <= 0.25
    assert (locale, country, misled) == (1.0, 1.0, 0.0)
    assert turns < 0.1


def test_no_locale_overrules_a_sentence() -> None:
    told = measure(judged(words("de", "ich warte seit drei Wochen auf den Schrank")))
    assert [one.long for one in told.values()] == [1.0] * 5


def test_comments_of_no_language_and_without_words_are_left_out() -> None:
    odd = replace(words("de", "…"), lang="und"), words("und", "teşekkürler")
    told = measure(judged(words("fr", "vraiment très déçue du service"), *odd))
    assert told["nothing"].long == 1.0
