import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from models.stub import StubPredictor
from tests.unit.training.examples import TEXT, example, plain
from training.behaviour import ASKED, PERTURBATIONS, Flips, compare, measure, sample, total
from training.names import NAMES
from training.questions import Questions
from triage.labels import LANGUAGES
from triage.types import Prediction

SNEER = plain(id="en-b1-002", text="Nobody cares here.", sentiment="negative", aspects={"staff": "negative"})


def perturbed(name: str, given: object) -> str:
    return PERTURBATIONS[name](given, random.Random(1))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("question mark removed", "Kind staff, but where is my sofa Order 48213."),
        ("question mark added", TEXT),  # it is a request: a question mark would be right there
        ("upper case", TEXT.upper()),
        ("diacritics lost", TEXT),
        ("sentences turned", "Order 48213. Kind staff, but where is my sofa?"),
        ("other names and places", TEXT),
    ],
)
def test_a_request_is_varied_as_named(name: str, text: str) -> None:
    assert perturbed(name, example()) == text


def test_sentences_are_shuffled_into_another_order() -> None:
    comment = plain(text="Nice shop. Kind staff! Why so far away?")
    found = {PERTURBATIONS["sentences shuffled"](comment, random.Random(seed)) for seed in range(40)}
    assert len(found) == 5, "all orders but its own"
    assert all(sorted(text.split()) == sorted(comment.text.split()) for text in found)
    assert comment.text not in found


@pytest.mark.parametrize("name", ["sentences turned", "sentences shuffled"])
@pytest.mark.parametrize("text", ["Nice shop.", "Nice shop\nKind staff.", "Thanks. Thanks", "Yes. Yes."])
def test_sentences_that_would_melt_into_one_or_are_one_stay(name: str, text: str) -> None:
    assert perturbed(name, plain(text=text)) == text


def test_only_a_complaint_is_sneered_as_a_question() -> None:
    assert perturbed("question mark added", SNEER) == "Nobody cares here?"
    assert perturbed("question mark added", plain()) == plain().text
    greek = plain(id="el-b1-001", text="Κανείς δεν νοιάζεται.", sentiment="negative")
    assert perturbed("question mark added", greek).endswith(";")


def test_names_and_places_are_swapped_for_others_of_their_kind() -> None:
    text = perturbed("other names and places", plain(text="Moira in Galway was kind, Galwayish even."))
    person, place = text.split()[0], text.split()[2]
    assert person in NAMES["en"][0]
    assert person != "Moira"
    assert place in NAMES["en"][2]
    assert place != "Galway"
    assert text.endswith("Galwayish even.")


def test_every_language_has_names_of_each_kind_once() -> None:
    assert set(NAMES) == set(LANGUAGES)
    for groups in NAMES.values():
        assert all(len(set(group)) == len(group) >= 11 for group in groups)


def test_unchanged_comments_are_not_counted() -> None:
    table = measure([example(), SNEER, plain(text="ok")], StubPredictor())
    assert total(table["question mark removed"]).comments == 1
    assert total(table["question mark added"]).comments == 1
    assert total(table["other names and places"]).comments == 0
    assert total(table["emoji"]).comments == 3


def test_a_model_that_looks_for_question_marks_is_found_out() -> None:
    table = measure([example(), SNEER], StubPredictor())
    assert total(table["question mark removed"]).rates["request"] == 1.0
    assert total(table["question mark added"]).rates["request"] == 1.0
    assert total(table["upper case"]).rates["all"] == 0.0


class Believing(StubPredictor):
    """Answers the question instead of the comment, where there is one."""

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        asked = zip(texts, questions or [None] * len(texts), strict=True)
        said = super().predict([text if question is None else TEXT for text, question in asked])
        return [replace(one, tokens=()) for one in said]


def test_a_model_that_believes_the_question_is_found_out() -> None:
    questions = Questions(Path("fixtures/surveys"))
    table = measure([SNEER, plain(lang="und")], Believing(), questions=questions)
    assert total(table[ASKED]).comments == 2
    assert total(table[ASKED]).rates["request"] == 1.0
    assert ASKED not in measure([SNEER], Believing())


class Fixed(StubPredictor):
    """Says of every comment what the stub says of one."""

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        return [replace(said, tokens=()) for said in super().predict([TEXT])] * len(texts)


def test_a_steady_model_never_flips() -> None:
    table = measure([example(), SNEER], Fixed())
    assert all(total(found).rates["all"] in (0.0,) for found in table.values() if found)


def test_flips_count_answers() -> None:
    after = example(has_request=False, aspects={"staff": "negative", "price": "negative"})
    flips = compare(example(), (example(), after))
    assert flips == Flips(request=1, sentiment=0, aspects=3, comments=1, categories=3)
    assert (flips + flips).rates == {
        "request": 1.0,
        "sentiment": 0.0,
        "aspects": 1.0,
        "language": 0.0,
        "all": 0.8,
    }


def test_a_sample_is_even_over_languages_and_repeatable() -> None:
    every = [example(id=f"{code}-b1-{n}") for code in ("en", "it") for n in range(20)]
    drawn = sample(every, most=5)
    assert [one.language for one in drawn] == ["en"] * 5 + ["it"] * 5
    assert drawn == sample(every, most=5)
