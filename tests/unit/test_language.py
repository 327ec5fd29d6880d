import pytest

from tests.texts import TEXTS
from triage import language
from triage.language import CODES, detect, origin_evidence, profile_evidence, word_evidence
from triage.words import spellings

UNSURE = [1 / len(CODES)] * len(CODES)
LONG = [(code, text) for code, texts in TEXTS.items() for text in texts[:2] if len(text.split()) >= 4]


def code(text: str, locale: str | None = None, model: list[float] = UNSURE) -> str:
    return detect(text, model, locale).code


@pytest.mark.parametrize(("language", "text"), LONG)
def test_profiles_alone_know_a_sentence_or_say_nothing(language: str, text: str) -> None:
    assert code(text) in (language, "und", *NEIGHBOURS.get(language, ()))


NEIGHBOURS = {"da": ("nb",), "nb": ("da", "sv"), "sv": ("da", "nb")}
"""Told apart by the model's head; the profiles mix them up on short sentences."""


def test_a_language_that_only_the_profiles_know_is_undetermined_unless_the_model_is_sure() -> None:
    estonian = "Klienditeenindus oli väga abivalmis"
    assert profile_evidence(estonian).argmax() == CODES.index("und")
    assert code(estonian) == "und"
    assert code(estonian, model=[0.97 if c == "fi" else 0.03 / 17 for c in CODES]) == "fi"


def test_profiles_say_nothing_against_greek_in_latin_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    greeklish = "argisan mia evdomada"
    assert profile_evidence(greeklish).argmax() == CODES.index("und"), "for they do not know it"
    for name in ("FOREIGN_WEIGHT", "FOREIGN_MOST"):
        monkeypatch.setattr(language, name, 99.0)
    assert code(greeklish) == "el"


@pytest.mark.parametrize("text", ["", "👍👍", "12345", "--", "ありがとう", "شكرا جزيلا", "谢谢你们的服务"])
def test_wordless_and_foreign_scripts_are_undetermined(text: str) -> None:
    assert code(text, locale="de-DE") == "und"


@pytest.mark.parametrize(
    ("language", "text"), [(c, t) for c, t in LONG if c in ("en", "it", "pl", "fi", "el", "ru", "hu")]
)
def test_a_wrong_locale_never_beats_plain_text(language: str, text: str) -> None:
    sure = [0.97 if c == language else 0.03 / 17 for c in CODES]
    assert code(text, locale="nl-BE", model=sure) == language


def code_from(text: str, locale: str | None, country: str | None) -> str:
    return detect(text, UNSURE, locale, country).code


@pytest.mark.parametrize(("locale", "expected"), [("da-DK", "da"), ("no-NO", "nb"), ("nb_NO", "nb")])
def test_a_locale_decides_what_the_text_leaves_open(locale: str, expected: str) -> None:
    torn = [0.48 if c in ("da", "nb") else 0.04 / 16 for c in CODES]
    assert code("ok fint", locale=locale, model=torn) == expected


@pytest.mark.parametrize(
    ("language", "country"), [("de", "DE"), ("fr", "FR"), ("pl", "PL"), ("nl", "NL"), ("cs", "CZ")]
)
def test_a_word_of_many_languages_is_in_the_one_of_the_post(language: str, country: str) -> None:
    assert code_from("super", language, None) == language
    assert code_from("super", None, country) == language


def test_a_locale_says_more_than_the_country_and_neither_more_than_a_sentence() -> None:
    assert code_from("super", "fr-CH", "CH") == "fr"
    assert code_from("ich warte seit drei Wochen", "fr-CH", "CH") == "de"
    assert code_from("Danke", "fr-CH", "CH") == "de"


@pytest.mark.parametrize("locale", ["xx", "zh-Hans", "tr-TR"])
def test_who_reads_another_language_is_not_taken_for_the_countrys(locale: str) -> None:
    assert not origin_evidence("super", locale, "DE").any()


@pytest.mark.parametrize("locale", [None, "", "und"])
def test_the_country_counts_where_there_is_no_locale(locale: str | None) -> None:
    assert origin_evidence("super", locale, "DE").argmax() == CODES.index("de")
    assert not origin_evidence("super", locale, "AQ").any(), "nor has every country one"
    assert not origin_evidence("super", locale, "de").any(), "countries are in upper case"


def test_each_word_beyond_the_third_halves_what_the_origin_says() -> None:
    said = [origin_evidence(text, "de-CH", None).max() for text in ("a", "a b c", "a b c d", "a b c d e f")]
    assert said[0] == said[1] == 2 * said[2] == 8 * said[3]
    assert origin_evidence("a b c ! ! 10 / 10", "de-CH", None).max() == said[0], "marks are no words"


def test_what_is_in_no_language_is_not_claimed_for_the_locales() -> None:
    torn = [0.8 if c == "und" else 0.2 / 17 for c in CODES]
    assert {code("xxxxx", locale=c, model=torn) for c in ("de", "fr", "nb")} == {"und"}


def test_capitals_are_read_as_words() -> None:
    shouted = profile_evidence("WARUM WURDE MEINE BESTELLUNG NICHT GELIEFERT")
    assert shouted.argmax() == CODES.index("de")


def test_another_language_of_ours_script_counts_as_undetermined() -> None:
    assert profile_evidence("Siparişim hâlâ gelmedi, lütfen beni arayın").argmax() == CODES.index("und")


@pytest.mark.parametrize(
    ("language", "word"),
    [("ro", "jalnic"), ("ro", "mulţumit"), ("nl", "tevreden"), ("sv", "ingenting"), ("fi", "hyvä"),
     ("pt", "obrigado"), ("pl", "zadowolony"), ("cs", "spokojenost"), ("hu", "semmi"),
     ("nb", "ingenting"), ("el", "τίποτα")],
)  # fmt: skip
def test_one_word_is_told_by_how_common_it_is(language: str, word: str) -> None:
    evidence = word_evidence(word)
    assert evidence[CODES.index(language)] > evidence.max() - 2.0


@pytest.mark.parametrize(
    ("language", "text"),
    [("el", "kalispera, den irthe akoma i paraggelia mou"), ("pl", "prosze o zwrot pieniedzy za lozko"),
     ("cs", "kde je moje objednavka, uz cekam treti tyden"), ("hu", "meg mindig nem jott meg a rendelesem")],
)  # fmt: skip
def test_words_typed_without_the_right_keyboard(language: str, text: str) -> None:
    assert CODES[int(word_evidence(text).argmax())] == language


def test_other_spellings_of_a_word() -> None:
    assert spellings("żółty", "pl") == {"zolty"}
    assert "paraggelia" in spellings("παραγγελία", "el")
    assert {"thelo", "8elw"} <= spellings("θέλω", "el")
    assert spellings("sofa", "da") == set()
