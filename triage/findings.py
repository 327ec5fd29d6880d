"""From the model's probabilities to what we say of a comment: thresholds, the request's place, abstention."""

import math
from collections.abc import Iterator, Sequence

from triage.labels import CATEGORIES, INTENTS, POLARITIES, SENTIMENTS, TAXONOMY_VERSION
from triage.types import (
    AspectFinding,
    Confident,
    Finding,
    LanguageFinding,
    Prediction,
    RequestFinding,
    Segment,
    Thresholds,
    TokenScore,
)


def assemble(
    text: str, prediction: Prediction, language: LanguageFinding, sentences: Sequence[Segment],
    thresholds: Thresholds, model: str,
) -> Finding:  # fmt: skip
    """Everything found in `text`; `sentences` matter only where there is a request."""
    sentiment = max(range(len(SENTIMENTS)), key=prediction.sentiment.__getitem__)
    urgent = prediction.urgent >= thresholds.urgent
    return Finding(
        language=language,
        aspects=tuple(_aspects(prediction, thresholds)),
        sentiment=SENTIMENTS[sentiment],
        sentiment_confidence=prediction.sentiment[sentiment],
        request=_request(text, prediction, sentences, thresholds),
        urgent=urgent,
        urgent_confidence=prediction.urgent if urgent else 1.0 - prediction.urgent,
        abstained=tuple(abstained(prediction, thresholds)),
        model=model,
        taxonomy=TAXONOMY_VERSION,
    )


def wordless(language: LanguageFinding, model: str) -> Finding:
    """What an empty comment says: nothing."""
    return Finding(
        language=language, aspects=(), sentiment="neutral", sentiment_confidence=1.0, request=None,
        urgent=False, urgent_confidence=1.0, abstained=(), model=model, taxonomy=TAXONOMY_VERSION,
    )  # fmt: skip


def _aspects(prediction: Prediction, thresholds: Thresholds) -> Iterator[AspectFinding]:
    for category, (absent, *polarities) in zip(CATEGORIES, prediction.aspects, strict=True):
        if 1.0 - absent >= thresholds.aspect:
            best = max(range(len(POLARITIES)), key=polarities.__getitem__)
            yield AspectFinding(category=category, polarity=POLARITIES[best], confidence=polarities[best])


def _request(
    text: str, prediction: Prediction, sentences: Sequence[Segment], thresholds: Thresholds
) -> RequestFinding | None:
    if prediction.request < thresholds.request:
        return None
    intent = max(range(len(INTENTS)), key=prediction.intent.__getitem__)
    place = locate(text, prediction.tokens, sentences)
    return RequestFinding(
        intent=INTENTS[intent],
        confidence=prediction.request,
        intent_confidence=prediction.intent[intent],
        start=place.start,
        end=place.end,
        text=text[place.start : place.end],
    )


def locate(text: str, tokens: Sequence[TokenScore], sentences: Sequence[Segment]) -> Segment:
    """Where the request stands: the run of pieces that is likeliest to carry it, tidied to whole words.

    The run is the one of greatest summed log-odds (Kadane's maximum subarray), which
    bridges a weak piece inside a strong run. Where no piece is likely, it is the
    sentence with the likeliest one. It never reaches over a sentence it holds little of.
    """
    if not tokens:
        return Segment(start=0, end=len(text))
    first, last = _best_run([_log_odds(token.probability) for token in tokens])
    start, end = tokens[first].start, tokens[last].end
    if first == last and tokens[first].probability < 0.5:
        return _around(tokens[first], sentences) or _words(text, start, end)
    return _words(text, start, end)


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, 1e-4), 1.0 - 1e-4)
    return math.log(clipped / (1.0 - clipped))


def _best_run(scores: Sequence[float]) -> tuple[int, int]:
    best, total, begin, answer = -math.inf, 0.0, 0, (0, 0)
    for index, score in enumerate(scores):
        if total <= 0.0:
            total, begin = 0.0, index
        total += score
        if total > best:
            best, answer = total, (begin, index)
    return answer


def _around(token: TokenScore, sentences: Sequence[Segment]) -> Segment | None:
    return next((s for s in sentences if s.start <= token.start < s.end), None)


def _words(text: str, start: int, end: int) -> Segment:
    while 0 < start < len(text) and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while 0 < end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    while end < len(text) and text[end] in "?!;.…":
        end += 1
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip(" ,;:-–—\n\t"))
    return Segment(start=start, end=max(start, end - (len(inner) - len(inner.rstrip(" ,:-–—\n\t")))))


def abstained(prediction: Prediction, thresholds: Thresholds) -> Iterator[str]:
    """The answers that are not sure enough: tasks, and `aspects.CATEGORY` for categories found."""
    for task, given, other in _answers(prediction, thresholds):
        needed = thresholds.confident.get(task.split(".")[0], Confident())
        if given < needed.score or given - other < needed.margin:
            yield task


def _answers(prediction: Prediction, thresholds: Thresholds) -> Iterator[tuple[str, float, float]]:
    """Every answer we give: its probability, and that of the likeliest other."""
    asks = prediction.request >= thresholds.request
    yield "request", *_either(prediction.request, asks)
    if asks:
        yield "intent", *_likeliest(prediction.intent)
    yield "urgent", *_either(prediction.urgent, prediction.urgent >= thresholds.urgent)
    yield "sentiment", *_likeliest(prediction.sentiment)
    for category, (absent, *polarities) in zip(CATEGORIES, prediction.aspects, strict=True):
        if 1.0 - absent >= thresholds.aspect:
            best, second = _likeliest(polarities)
            yield f"aspects.{category}", best, max(absent, second)


def _either(chance: float, yes: bool) -> tuple[float, float]:
    return (chance, 1.0 - chance) if yes else (1.0 - chance, chance)


def _likeliest(chances: Sequence[float]) -> tuple[float, float]:
    best, second, *_ = sorted(chances, reverse=True)
    return best, second
