"""Slips of the keyboard in 17 languages, read over for the model; offsets stay those of the text as typed."""

from pathlib import Path

import pytest

from tests.texts import TEXTS
from triage import lexicon
from triage.labels import LANGUAGES
from triage.language import CODES
from triage.letters import lower, without_diacritics
from triage.lexicon import one_slip_away, open_lexicon
from triage.spelling import Spelt, spelt
from triage.types import Prediction, TokenScore


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("prosim zavolejte mi, objednavka jeste neprisla", "prosím zavolejte mi, objednávka ještě nepřišla"),
        ("la livraison a ete tres rapide", "la livraison a été très rapide"),
        ("dziekuje, paczka przyszla w srode", "dziękuję, paczka przyszła w środę"),
        ("η παραγγελια μου δεν εχει ερθει ακομα", "η παραγγελία μου δεν έχει έρθει ακόμα"),
        (
            "kiitos, toimitus oli nopea mutta poyta oli rikki",
            "kiitos, toimitus oli nopea mutta pöytä oli rikki",
        ),
    ],
)
def test_lost_diacritics_come_back(typed: str, meant: str) -> None:
    assert spelt(typed).text == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("the delivrey was late and the boxes brken", "the delivery was late and the boxes broken"),
        ("der Schrank ist bescädigt angekommen", "der schrank ist beschädigt angekommen"),
        ("il pacco non è arivato e nessuno rispnde", "il pacco non è arrivato e nessuno risponde"),
        ("доставка была быстарая, но товар сломан", "доставка была быстрая, но товар сломан"),
    ],
)
def test_one_slip_is_read_over(typed: str, meant: str) -> None:
    assert spelt(typed).text == meant


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_spelt_right_stays(language: str) -> None:
    words = [
        pair
        for text in TEXTS[language]
        for pair in zip(lower(text).split(), spelt(text).text.split(), strict=True)
    ]
    assert len(words) > 10
    changed = [
        (typed, meant) for typed, meant in words if without_diacritics(meant) != without_diacritics(typed)
    ]
    assert len(changed) <= 2, "a rare form may become a common one"


@pytest.mark.parametrize(
    "text",
    [
        "мои заказы так и не пришли",  # й is no и with a lost diacritic
        "soţia mea este foarte mulţumită",  # Turkish cedillas
        "bestellcode AB12xyzq ist ungültig",
        "liefe\u00adrungszeit",
        "the cafe\u0301 was nice and the delivrey late",  # NFD: left alone
        "grcsh xwvut",
    ],
)
def test_what_only_looks_misspelt_stays(text: str) -> None:
    assert spelt(text).text == lower(text)


@pytest.mark.parametrize(
    "text", ["", "👍👍", "12345", "ありがとう", "dakujem, tovar prisiel vcas a je super"]
)
def test_what_is_not_ours_stays(text: str) -> None:
    assert spelt(text).text == text


def test_what_the_model_marks_is_found_in_the_text_as_typed() -> None:
    typed = "the delivrey was  laate, call me"
    meant = spelt(typed)
    assert meant.text == "the delivery was  late, call me"
    start = meant.text.index("late")
    assert _marked(meant, typed, start, start + 4) == "laate"
    assert _marked(meant, typed, meant.text.index("call"), len(meant.text)) == "call me"


def test_a_mark_on_the_end_of_a_lengthened_word_is_not_empty() -> None:
    typed = "it never came so please contct"
    meant = spelt(typed)
    assert meant.text.endswith("contact")
    assert _marked(meant, typed, len(meant.text) - 1, len(meant.text)) == "t"


def _marked(meant: Spelt, typed: str, start: int, end: int) -> str:
    prediction = Prediction(
        aspects=(), sentiment=(), request=0.9, intent=(), urgent=0.0, language=(0.0,) * len(CODES),
        tokens=(TokenScore(start=start, end=end, probability=0.9),),
    )  # fmt: skip
    (token,) = meant.as_typed(prediction).tokens
    return typed[token.start : token.end]


def test_slips_are_two_letters_swapped_one_too_many_or_one_left_out() -> None:
    found = set(one_slip_away("abc", "xy"))
    assert {"acb", "ac", "axbc", "abxc", "aybc"} <= found
    assert not {"xabc", "bac", "bc"} & found, "the first letter is seldom wrong"
    assert not {"abcx", "ab"} & found, "another end is another form"


def test_the_lexicon_is_made_once_from_the_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = {"en": [[], ["delivery"]], "cs": [["prosím"], ["prosim", "prosit"]]}
    monkeypatch.setattr(lexicon, "_by_frequency", lambda language, _: lists.get(language, []))
    said: list[str] = []
    for _ in range(2):
        found = open_lexicon(tmp_path, lambda what, _: said.append(what))
        assert found.corrected("delivrey", "en") == "delivery"
        assert found.corrected("delivrey", "cs") is None
        assert found.accented("prosim", "cs") == "prosím"
        assert found.accented("prosit", "cs") is None
    assert set(said) == {"Building the lexicon"}
    assert {file.name for file in tmp_path.iterdir()} == {lexicon._KNOWN_FILE, lexicon._ACCENTS_FILE}
    assert said.count("Building the lexicon") == len(LANGUAGES) + 1, "the first time only"
