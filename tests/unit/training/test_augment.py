import random

import pytest

from tests.unit.training.examples import TEXT, example, plain
from training.augment import (
    cropped,
    diacritics_lost,
    join,
    new_numbers,
    turned,
    typo,
    vary,
    without_punctuation,
    without_question_mark,
)


def test_diacritics_go_in_every_script() -> None:
    assert diacritics_lost("Où est-elle ? Łódź, Århus, πότε, ёлка") == "Ou est-elle ? Lodz, Arhus, ποτε, елка"


def test_edits_touch_only_what_they_name() -> None:
    assert without_question_mark("¿Cuándo? Ya.") == "Cuándo Ya."
    assert without_punctuation("Well... no; really?!") == "Well no really"


def test_numbers_keep_their_length_and_words_stay() -> None:
    changed = new_numbers("order 48213, 12.50 €", random.Random(1))
    assert changed != "order 48213, 12.50 €"
    assert [c if not c.isdigit() else "0" for c in changed] == list("order 00000, 00.00 €")


def test_a_typo_is_a_slip_not_another_text() -> None:
    text = "the wardrobe arrived without its screws and nobody answers " * 5
    slipped = typo(text, random.Random(2))
    assert slipped != text
    pairs = list(zip(text.split(), slipped.split(), strict=True))
    assert sum(one != two for one, two in pairs) < len(pairs) / 3
    assert all(abs(len(one) - len(two)) <= 1 for one, two in pairs)


@pytest.mark.parametrize("seed", range(40))
def test_the_request_stays_where_the_offsets_say(seed: int) -> None:
    varied = vary(example(), random.Random(seed))
    assert varied.span
    asking = varied.text[slice(*varied.span)].lower()
    assert len(set(asking.split()) & {"where", "is", "my", "sofa", "sofa?"}) >= 3
    assert "order" not in asking
    assert (varied.request, varied.aspects) == ("order_status", example().aspects)


def test_variations_differ_and_can_be_repeated() -> None:
    texts = [vary(example(), random.Random(seed)).text for seed in range(20)]
    assert len(set(texts)) > 5
    assert texts == [vary(example(), random.Random(seed)).text for seed in range(20)]


def test_joined_comments_unite_their_labels() -> None:
    joined = join(plain(), example())
    assert joined
    assert joined.text == "Lovely shop. " + TEXT
    assert joined.span
    assert joined.text[slice(*joined.span)] == "where is my sofa?"
    assert joined.aspects == {"store": "positive", "staff": "positive", "delivery": "negative"}
    assert (joined.sentiment, joined.request, joined.urgent) == ("mixed", "order_status", False)


def test_contradictions_are_not_joined() -> None:
    assert join(example(), example()) is None  # two requests: which one is needed most?
    assert join(plain(), plain(lang="it")) is None
    assert join(plain(), plain(aspects={"store": "negative"})) is None


@pytest.mark.parametrize("seed", range(10))
def test_turned_sentences_keep_their_words_and_the_request(seed: int) -> None:
    first = example(text="Lovely shop. Where is my sofa? Order 48213. Thanks!", span=(13, 30))
    other = turned(first, random.Random(seed))
    assert other.text != first.text
    assert sorted(other.text.split()) == sorted(first.text.split())
    assert other.span is not None
    assert other.text[slice(*other.span)] == "Where is my sofa?"


def test_one_sentence_or_one_without_its_end_is_not_turned() -> None:
    for text in ("Where is my sofa?", "Lovely shop. Where is my sofa"):
        assert turned(plain(text=text), random.Random(1)).text == text


def test_of_a_crop_only_the_language_is_known() -> None:
    crop = cropped(example(), random.Random(3))
    assert crop.text in example().text
    assert 1 <= len(crop.text.split()) <= 4
    assert (crop.lang, crop.aspects, crop.has_request, crop.sentiment) == (example().lang, None, None, None)
