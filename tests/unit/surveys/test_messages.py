import re
from datetime import UTC, datetime

import pytest

from tests.invitations import shipped
from triage.errors import ConfigurationError
from triage.labels import LANGUAGES, Language
from triage.surveys.messages import PageTexts, own_words, render

CATALOGUE = shipped()
BRAND = CATALOGUE.brand("lumera")
FACTS = {
    "survey": CATALOGUE.surveys["delivery"],
    "link": "https://ask.example/s/" + "a" * 32,
    "opt_out": "https://ask.example/s/" + "a" * 32 + "/opt-out",
    "until": datetime(2026, 12, 5, 9, tzinfo=UTC),
}
SCRIPTS = {"el": "[Ͱ-Ͽἀ-῿]", "ru": "[Ѐ-ӿ]"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["invitation", "reminder"])
def test_mails_say_all_that_they_must(kind: str, language: Language) -> None:
    message = render(kind, language, BRAND, **FACTS)
    for part in (message.text, message.html):
        for words in (FACTS["link"], FACTS["opt_out"], BRAND.privacy_url, "2026", "Lumera"):
            assert str(words) in part
        assert "{" not in re.sub(r"style=\"[^\"]*\"", "", part)
    assert f'lang="{language}"' in message.html
    assert "\n" not in message.subject


def test_dates_are_written_as_people_do() -> None:
    said = {
        language: render("invitation", language, BRAND, **FACTS).text for language in ("en", "de", "ru", "el")
    }
    for language, date in {
        "en": "5 December",
        "de": "5. Dezember",
        "ru": "5 декабря",
        "el": "5 Δεκεμβρίου",
    }.items():
        assert date in said[language]


def test_without_a_date_nothing_is_said_of_it() -> None:
    message = render("invitation", "en", BRAND, **{**FACTS, "until": None})
    assert "works until" not in message.text + message.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_is_short_and_has_the_link(language: Language) -> None:
    message = render("sms", language, BRAND, **FACTS)
    assert (message.subject, message.html) == ("", "")
    assert str(FACTS["link"]) in message.text
    # Three parts at most: an SMS outside the old GSM alphabet has 67 characters a part.
    assert len(message.text) <= 3 * 67


def test_a_brands_name_is_never_markup() -> None:
    from dataclasses import replace

    message = render("invitation", "en", replace(BRAND, name="A & <B>"), **FACTS)
    assert "A &amp; &lt;B&gt;" in message.html
    assert "A & <B>" in message.subject


@pytest.mark.parametrize(("kind", "language"), [("postcard", "en"), ("sms", "tlh")])
def test_what_there_is_not(kind: str, language: str) -> None:
    with pytest.raises(ConfigurationError):
        render(kind, language, BRAND, **FACTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_languages_say_the_same(language: Language) -> None:
    english, words = own_words("en").model_dump(), own_words(language).model_dump()
    for part, texts in english.items():
        for name, text in texts.items():
            other = words[part][name]
            assert sorted(re.findall(r"{\w+}", other)) == sorted(re.findall(r"{\w+}", text)), name
            assert other.strip()
            if language in SCRIPTS and name not in ("email", "sms"):
                assert re.search(SCRIPTS[language], other), name
            if language != "en" and len(text) > 25:
                assert other != text, name


def test_every_text_is_used() -> None:
    from pathlib import Path

    folder = Path(__file__).parents[3]
    code = "".join(
        path.read_text("utf-8")
        for path in (*(folder / "api").glob("page*.py"), *(folder / "api/templates").iterdir(),
                     folder / "triage/surveys/steps.py")
    )  # fmt: skip
    built = {
        f"{name}_{part}"
        for name in ("used", "expired", "unknown", "busy", "stale", "opt_out_done")
        for part in ("title", "text")
    }
    built |= {f"thanks_{band}" for band in ("positive", "neutral", "negative")}
    assert [name for name in PageTexts.model_fields if name not in built and name not in code] == []
