import math
from dataclasses import replace

from models.stub import StubPredictor
from tests.unit.training.examples import plain
from training.dataset import Example
from training.evaluate import Judged, judge
from training.origins import Told, measure
from triage.labels import LANGUAGES

UNSURE = (1 / (len(LANGUAGES) + 1),) * (len(LANGUAGES) + 1)


def told(*examples: Example) -> list[Told]:
    """By a model that knows no language: words and the post's origin are all there is."""
    judged: list[Judged] = judge(examples, StubPredictor())
    blind = [
        replace(one, prediction=one.prediction and replace(one.prediction, language=UNSURE)) for one in judged
    ]
    return [*measure(blind).values()]


def words(code: str, text: str) -> Example:
    return plain(id=f"{code}-b5-001", lang=code, text=text)


def test_a_shared_word_is_told_by_the_right_locale_and_mistold_by_a_wrong_one() -> None:
    nothing, locale, country, mean, worst = told(*(words(code, "super") for code in ("de", "fr", "pl", "nl")))
    assert nothing.short <= 0.25
    assert (locale.short, country.short) == (1.0, 1.0)
    assert 0.0 <= worst.short <= mean.short < 0.2


def test_no_locale_overrules_a_sentence() -> None:
    found = told(words("de", "ich warte seit drei Wochen auf den Schrank"))
    assert [one.long for one in found] == [1.0] * 5
    assert all(math.isnan(one.short) and math.isnan(one.none) for one in found)


def test_comments_in_no_language_of_ours_are_counted_apart() -> None:
    okay = replace(words("da", "teşekkürler"), lang="und")  # in the file of a language, and of none
    found = told(okay, words("und", "nerede benim dolabım"))
    assert found[0].none == 1.0
    assert math.isnan(found[0].short)
    assert math.isnan(found[1].none), "no locale is right for them"


def test_words_of_other_languages_too_can_be_taken_for_the_locales() -> None:
    *_, mean, worst = told(words("und", "super"))
    assert worst.none == 0.0 < mean.none < 1.0
