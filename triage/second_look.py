"""A comment on which the model is close to another answer is read once more, its last sentence first.

In which order customers say things rarely matters to what they say, and yet tips an answer
whose chances are nearly even. Both readings then count alike (test-time augmentation, Krizhevsky
et al. 2012). Only close answers need it: an eighth more work instead of three quarters more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from triage.ports import Predictor
from triage.segments import is_ended, segment
from triage.types import Prediction, Thresholds

MARGIN: Final = 0.1
"""Of probability: nearer than this to its threshold, or to the next likely answer, an answer is close.

Chosen on dev and public text.
"""


def read(texts: Sequence[str], questions: Sequence[str | None], predictor: Predictor) -> list[Prediction]:
    """One prediction a text, of one reading or of two."""
    found = list(predictor.predict(texts, questions))
    close = [index for index, first in enumerate(found) if is_close(first, predictor.thresholds)]
    again = {index: text for index in close if (text := turned(texts[index])) != texts[index]}
    if again:
        second = predictor.predict([*again.values()], [questions[index] for index in again])
        for index, prediction in zip(again, second, strict=True):
            found[index] = _mean(found[index], prediction)
    return found


def is_close(prediction: Prediction, thresholds: Thresholds) -> bool:
    """Whether any answer is close to being another."""
    return any(abs(gap) < MARGIN for gap in _gaps(prediction, thresholds))


def _gaps(prediction: Prediction, thresholds: Thresholds) -> Iterator[float]:
    """How far each answer is from its threshold, or from the next likely one."""
    yield prediction.request - thresholds.request
    yield prediction.urgent - thresholds.urgent
    yield _lead(prediction.sentiment)
    if prediction.request >= thresholds.request:
        yield _lead(prediction.intent)
    for absent, *polarities in prediction.aspects:
        yield 1.0 - absent - thresholds.aspect
        if 1.0 - absent >= thresholds.aspect:
            yield _lead(polarities)


def _lead(chances: Sequence[float]) -> float:
    *_, second, best = sorted(chances)
    return best - second


def turned(text: str) -> str:
    """`text` with its last sentence first; the same where it is a single one."""
    sentences = [text[s.start : s.end] for s in segment(text)]
    if len(sentences) < 2:
        return text
    *others, last = sentences
    return " ".join([last if is_ended(last) else f"{last}.", *others])


def _mean(first: Prediction, second: Prediction) -> Prediction:
    """Both readings' probabilities; the place of a request and the language are the first one's."""
    return replace(
        first,
        aspects=tuple(map(tuple, np.mean([first.aspects, second.aspects], axis=0).tolist())),
        sentiment=tuple(np.mean([first.sentiment, second.sentiment], axis=0).tolist()),
        request=(first.request + second.request) / 2,
        intent=tuple(np.mean([first.intent, second.intent], axis=0).tolist()),
        urgent=(first.urgent + second.urgent) / 2,
    )
