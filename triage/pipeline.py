"""The steps in order: spelling, prediction (twice where it is close), language, sentences, finding."""

import unicodedata
from collections.abc import Sequence

from triage import second_look
from triage.findings import assemble, wordless
from triage.language import detect
from triage.ports import Predictor
from triage.segments import segment
from triage.spelling import spelt
from triage.types import Finding, LanguageFinding, Prediction, SurveyResponse


def analyse(responses: Sequence[SurveyResponse], predictor: Predictor) -> list[Finding]:
    """A finding for each response, in order."""
    return [finding for finding, _ in examine(responses, predictor)]


def examine(
    responses: Sequence[SurveyResponse], predictor: Predictor
) -> list[tuple[Finding, Prediction | None]]:
    """Findings with the probabilities behind them; comments without a word never reach the model."""
    worded = [response for response in responses if has_words(response.comment)]
    predictions = iter(_predict(worded, predictor) if worded else [])
    found: list[tuple[Finding, Prediction | None]] = []
    for response in responses:
        prediction = next(predictions) if has_words(response.comment) else None
        found.append((_finding(response, prediction, predictor), prediction))
    return found


def _predict(worded: Sequence[SurveyResponse], predictor: Predictor) -> list[Prediction]:
    meant = [spelt(response.comment) for response in worded]
    predictions = second_look.read([text.text for text in meant], [r.question for r in worded], predictor)
    return [text.as_typed(found) for text, found in zip(meant, predictions, strict=True)]


def has_words(text: str) -> bool:
    """Whether there is anything to read: a letter, a digit or an emoji, not just spaces and marks."""
    return any(character.isalnum() or unicodedata.category(character) == "So" for character in text)


def _finding(response: SurveyResponse, prediction: Prediction | None, predictor: Predictor) -> Finding:
    if prediction is None:
        return wordless(LanguageFinding(code="und", confidence=1.0), predictor.name)
    text, thresholds = response.comment, predictor.thresholds
    language = detect(text, prediction.language, response.locale, response.country)
    sentences = segment(text) if prediction.request >= thresholds.request else []
    return assemble(text, prediction, language, sentences, thresholds, predictor.name)
