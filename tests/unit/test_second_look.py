from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.stub import StubPredictor
from triage.second_look import MARGIN, is_close, read, turned
from triage.types import Prediction, Thresholds

PRAISE, TWO = "Great sofa.", "Great sofa. When will the lamp come?"
(SURE,) = StubPredictor().predict([TWO])


class Wavering(StubPredictor):
    """Calls a comment that begins with a question a request for certain, any other nearly one."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str | None]] = []

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        self.heard += zip(texts, questions or [None] * len(texts), strict=True)
        return [
            replace(found, request=0.9 if text.startswith("When") else 0.45, intent=SURE.intent)
            for text, found in zip(texts, super().predict(texts), strict=True)
        ]


def test_a_close_answer_is_the_mean_of_two_readings() -> None:
    predictor = Wavering()
    (found,) = read([TWO], ["Why?"], predictor)
    assert predictor.heard == [(TWO, "Why?"), ("When will the lamp come? Great sofa.", "Why?")]
    assert found.request == pytest.approx((0.45 + 0.9) / 2)


def test_place_and_language_are_those_of_the_text_as_typed() -> None:
    predictor = Wavering()
    (found,), (first,) = read([TWO], [None], predictor), StubPredictor().predict([TWO])
    assert (found.tokens, found.language) == (first.tokens, first.language)


def test_a_single_sentence_and_a_sure_comment_are_read_once() -> None:
    wavering = Wavering()
    read([PRAISE, "When? Now."], [None, None], wavering)
    assert [text for text, _ in wavering.heard] == [PRAISE, "When? Now."]


def test_answers_stay_with_their_comments() -> None:
    texts = [PRAISE, TWO, "When? Now.", "Rude staff. When?"]
    together = read(texts, [None] * 4, Wavering())
    assert together == [read([text], [None], Wavering())[0] for text in texts]


def rows(*row: float) -> tuple[tuple[float, ...], ...]:
    return (row, *SURE.aspects[1:])


@pytest.mark.parametrize(
    ("changes", "close"),
    [
        ({}, False),
        ({"request": 0.5 - MARGIN / 2}, True),
        ({"request": 0.5 - MARGIN * 2}, False),
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
    assert is_close(replace(SURE, **changes), Thresholds()) is close  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("good", "good"),
        ("A b. C d? E f!", "E f! A b. C d?"),
        ("good shop\nwhere is my lamp", "where is my lamp. good shop"),
        ("καλό μαγαζί. πότε έρχεται;", "πότε έρχεται; καλό μαγαζί."),
    ],
)
def test_the_last_sentence_comes_first(text: str, expected: str) -> None:
    assert turned(text) == expected
