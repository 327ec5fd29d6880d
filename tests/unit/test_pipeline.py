from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.stub import StubPredictor
from triage.language import CODES
from triage.pipeline import analyse, has_words
from triage.types import Prediction, SurveyResponse


class Unsure(StubPredictor):
    """Knows no language."""

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        even = (1 / len(CODES),) * len(CODES)
        return [replace(found, language=even) for found in super().predict(texts, questions)]


@pytest.mark.parametrize(("locale", "country", "code"), [("fr-CH", "CH", "fr"), (None, "PL", "pl")])
def test_a_posts_locale_and_country_reach_the_language(locale: str | None, country: str, code: str) -> None:
    post = SurveyResponse(external_id="", comment="super", locale=locale, country=country)
    assert analyse([post], Unsure())[0].language.code == code


@pytest.mark.parametrize("text", ["ok", "123", "👍", "⭐⭐⭐⭐⭐", "❤️", "☹", "✅", "ё"])
def test_letters_digits_and_emoji_are_read(text: str) -> None:
    assert has_words(text)


@pytest.mark.parametrize("text", ["", " \n", "...", "?!", "--", "\u3000"])
def test_marks_and_spaces_are_not(text: str) -> None:
    assert not has_words(text)
