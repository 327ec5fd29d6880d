from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.stub import StubPredictor
from triage.pipeline import analyse
from triage.second_look import MARGIN, is_close, read, turned
from triage.types import Prediction, SurveyResponse, Thresholds, TokenScore

PRAISE, TWO = "Great sofa.", "Great sofa. When will the lamp come?"
SURE, OTHER = StubPredictor().predict([TWO, "Dangerous staff, rude. Quando?"])


class Wavering(StubPredictor):
    """Nearly calls a comment a request; one that begins with a question it takes for another altogether."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str | None]] = []

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        self.heard += zip(texts, questions or [None] * len(texts), strict=True)
        return [
            replace(OTHER, request=0.9)
            if text.lower().startswith("when")
            else replace(SURE, request=0.45, tokens=(TokenScore(start=0, end=len(text), probability=0.9),))
            for text in texts
        ]


def test_a_close_answer_is_the_mean_of_two_readings() -> None:
    predictor = Wavering()
    (found,) = read([TWO], ["Why?"], predictor)
    assert predictor.heard == [(TWO, "Why?"), ("When will the lamp come? Great sofa.", "Why?")]
    assert found.request == pytest.approx((0.45 + 0.9) / 2)
    for one, first, second in (
        ((found.urgent,), (SURE.urgent,), (OTHER.urgent,)),
        (found.sentiment, SURE.sentiment, OTHER.sentiment),
        (found.intent, SURE.intent, OTHER.intent),
        *zip(found.aspects, SURE.aspects, OTHER.aspects, strict=True),
    ):
        assert one == pytest.approx([(a + b) / 2 for a, b in zip(first, second, strict=True)])


def test_place_and_language_are_those_of_the_first_reading() -> None:
    (found,) = read([TWO], [None], Wavering())
    assert [(token.start, token.end) for token in found.tokens] == [(0, len(TWO))]
    assert found.language == SURE.language != OTHER.language


def test_a_single_sentence_and_a_sure_comment_are_read_once() -> None:
    wavering = Wavering()
    read([PRAISE, "When? Now."], [None, None], wavering)
    assert [text for text, _ in wavering.heard] == [PRAISE, "When? Now."]


def test_answers_and_questions_stay_with_their_comments() -> None:
    texts, predictor = [PRAISE, TWO, "When? Now.", "Rude staff. When?"], Wavering()
    together = read(texts, [None, "Why?", None, "How?"], predictor)
    assert together == [read([text], [None], Wavering())[0] for text in texts]
    assert [question for _, question in predictor.heard[4:]] == ["Why?", "How?"]


def test_the_service_reads_twice_and_shows_the_comment_as_it_was_typed() -> None:
    predictor = Wavering()
    (found,) = analyse([SurveyResponse(external_id="", comment=TWO.upper())], predictor)
    assert [text for text, _ in predictor.heard] == [TWO.lower(), "when will the lamp come? great sofa."]
    assert found.request is not None, "it is one by the mean alone"
    assert found.request.text == TWO.upper()


def rows(*row: float) -> tuple[tuple[float, ...], ...]:
    return (row, *SURE.aspects[1:])


@pytest.mark.parametrize(
    ("changes", "close"),
    [
        ({}, False),
        ({"request": 0.3 - MARGIN / 2}, True),
        ({"request": 0.3 - MARGIN * 2}, False),
        ({"request": 0.5}, False),
        ({"urgent": 0.5 + MARGIN / 2}, True),
        ({"sentiment": (0.4, 0.4, 0.1, 0.1)}, True),
        ({"intent": (0.5, 0.5, *(0.0,) * 10), "request": 0.9}, True),
        ({"intent": (0.5, 0.5, *(0.0,) * 10), "request": 0.1}, False),  # of no request there is no intent
        ({"aspects": rows(0.5, 0.5, 0.0, 0.0)}, True),
        ({"aspects": rows(0.1, 0.45, 0.45, 0.0)}, True),
        ({"aspects": rows(0.9, 0.05, 0.05, 0.0)}, False),
    ],
)
def test_close_is_what_little_would_change(changes: dict[str, object], close: bool) -> None:
    assert is_close(replace(SURE, **changes), Thresholds(request=0.3)) is close  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("good", "good"),
        ("great sofa! 🙂", "great sofa! 🙂"),
        ("Ab. Cd? Ef!", "Ef! Ab. Cd?"),
        ("good shop\nwhere is my lamp", "where is my lamp. good shop"),
        ("good shop! where is my lamp 🙁", "where is my lamp 🙁. good shop!"),
        ("bien. ¿dónde está? :)", "¿dónde está? :) bien."),
        ("πότε έρχεται; καλό μαγαζί.", "καλό μαγαζί. πότε έρχεται;"),
    ],
)
def test_the_last_sentence_comes_first(text: str, expected: str) -> None:
    assert turned(text) == expected
