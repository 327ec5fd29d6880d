"""A stand-in for the model: finds English and Italian keywords, loads at once, never varies.

It serves tests and `TRIAGE_MODEL=stub`, where only what surrounds the model matters.
"""

import math
import re
from collections.abc import Sequence
from typing import Final

from triage.labels import CATEGORIES, INTENTS, LANGUAGES, POLARITIES, SENTIMENTS
from triage.types import Prediction, Thresholds, TokenScore

_SURE: Final = 0.97
_GOOD = re.compile(r"\b(great|lovely|kind|perfect|love|gentil\w+|ottim\w+|bell\w+)\b", re.IGNORECASE)
_BAD = re.compile(r"\b(late|broken|rude|never|awful|dangerous|rott\w+|ritardo|scortes\w+)\b", re.IGNORECASE)
_REQUEST = re.compile(r"\?|\bplease (?:call|refund|send)\b|\bstill waiting\b", re.IGNORECASE)
_URGENT = re.compile(r"\b(dangerous|lawyer|burn\w*|avvocato|pericolos\w+)\b", re.IGNORECASE)
_CATEGORY: Final = {
    "delivery": re.compile(r"\b(deliver\w*|courier|parcel|consegn\w+|corriere)\b", re.IGNORECASE),
    "product": re.compile(r"\b(sofa|lamp|chair|dress|divano|lampada|broken)\b", re.IGNORECASE),
    "price": re.compile(r"\b(price|expensive|cheap|prezz\w+)\b", re.IGNORECASE),
    "staff": re.compile(r"\b(staff|rude|assistant|commess\w+)\b", re.IGNORECASE),
    "returns": re.compile(r"\b(refund|return|rimborso)\b", re.IGNORECASE),
}
_INTENT: Final = {
    "return_refund": re.compile(r"\b(refund|return|rimborso)\b", re.IGNORECASE),
    "contact_me": re.compile(r"\b(call|contact|chiam\w+)\b", re.IGNORECASE),
    "order_status": re.compile(r"\b(when|where|waiting|quando|dove)\b", re.IGNORECASE),
    "product_question": re.compile(r"\b(wash|size|colou?r|taglia)\b", re.IGNORECASE),
}
_LANGUAGE_HINT: Final = {
    "en": re.compile(r"\b(the|is|my|was|and|it)\b", re.IGNORECASE),
    "it": re.compile(r"\b(il|la|è|mio|e|ma|quando)\b", re.IGNORECASE),
}


class StubPredictor:
    """Implements `triage.ports.Predictor` with regular expressions."""

    name = "stub"
    thresholds = Thresholds()

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        """Return one prediction a text; the questions change nothing."""
        return [_predict(text) for text in texts]


def _predict(text: str) -> Prediction:
    request = _REQUEST.search(text)
    return Prediction(
        aspects=tuple(_aspect(text, category) for category in CATEGORIES),
        sentiment=_peak(SENTIMENTS, _sentiment(text)),
        request=_SURE if request else 1 - _SURE,
        intent=_peak(INTENTS, _first(text, _INTENT) or "other"),
        urgent=_SURE if _URGENT.search(text) else 1 - _SURE,
        language=_peak((*LANGUAGES, "und"), _first(text, _LANGUAGE_HINT) or "und"),
        tokens=_tokens(text, request.end() if request else None),
    )


def _aspect(text: str, category: str) -> tuple[float, float, float, float]:
    pattern = _CATEGORY.get(category)
    if pattern is None or not pattern.search(text):
        return (_SURE, 0.01, 0.01, 0.01)
    polarity = _sentiment(text)
    row = _peak(POLARITIES, polarity if polarity != "mixed" else "negative")
    return (1 - _SURE, row[0] * _SURE, row[1] * _SURE, row[2] * _SURE)


def _sentiment(text: str) -> str:
    good, bad = _GOOD.search(text), _BAD.search(text)
    if good and bad:
        return "mixed"
    return "positive" if good else "negative" if bad else "neutral"


def _first(text: str, patterns: dict[str, re.Pattern[str]]) -> str | None:
    return next((name for name, pattern in patterns.items() if pattern.search(text)), None)


def _peak(names: Sequence[str], winner: str) -> tuple[float, ...]:
    rest = (1 - _SURE) / (len(names) - 1)
    values = tuple(_SURE if name == winner else rest for name in names)
    return tuple(value / math.fsum(values) for value in values)


def _tokens(text: str, request_end: int | None) -> tuple[TokenScore, ...]:
    """Score each word; those of the sentence that holds the request are likely part of it."""
    start = -1
    if request_end is not None:
        start = max(text.rfind(mark, 0, request_end - 1) for mark in ".!?;:") + 1
    return tuple(
        TokenScore(
            start=word.start(),
            end=word.end(),
            probability=_SURE
            if request_end is not None and start <= word.start() < request_end
            else 1 - _SURE,
        )
        for word in re.finditer(r"\w+|[^\w\s]", text)
    )
