"""The steps in order: prediction, language, sentences, finding."""

from collections.abc import Sequence

from triage.findings import assemble, wordless
from triage.language import detect
from triage.ports import Predictor
from triage.segments import segment
from triage.types import Finding, LanguageFinding, Prediction, SurveyResponse


def analyse(responses: Sequence[SurveyResponse], predictor: Predictor) -> list[Finding]:
    """A finding for each response, in order; comments without a word never reach the model."""
    worded = [response for response in responses if has_words(response.comment)]
    predictions = iter(
        predictor.predict([r.comment for r in worded], [r.question for r in worded]) if worded else []
    )
    return [
        _finding(response, next(predictions), predictor)
        if has_words(response.comment)
        else _nothing(predictor)
        for response in responses
    ]


def has_words(text: str) -> bool:
    """Whether there is anything to read: a letter, a digit or an emoji, not just spaces and marks."""
    return any(character.isalnum() or ord(character) > 0x2FFF for character in text)


def _finding(response: SurveyResponse, prediction: Prediction, predictor: Predictor) -> Finding:
    text, thresholds = response.comment, predictor.thresholds
    language = detect(text, prediction.language, response.locale)
    sentences = segment(text) if prediction.request >= thresholds.request else []
    return assemble(text, prediction, language, sentences, thresholds, predictor.name)


def _nothing(predictor: Predictor) -> Finding:
    return wordless(LanguageFinding(code="und", confidence=1.0), predictor.name)
