"""What a simpler method reaches on the same comments: the least that a model must beat.

- `"?" rule`: a comment holds a request exactly where it holds a question mark;
- `embeddings`: logistic regression on mean-pooled embeddings of the frozen encoder;
- `n-grams`: logistic regression on TF-IDF of character n-grams;
- `langdetect`: the language alone, by the library as it comes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from langdetect import DetectorFactory, LangDetectException, detect
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.dataset import Example
from training.embed import embed
from training.metrics import Pair
from training.train import Step
from triage.labels import CATEGORIES, LANGUAGES, UNDETERMINED

ABSENT: Final = "-"
_REQUEST: Final = ("request_f1", "request_precision", "request_recall")
_LANGUAGE: Final = ("language_long", "language_short")
_ALL: Final = (
    *_REQUEST, "intent_accuracy", "category_f1", "aspect_f1", "sentiment_accuracy", "urgent_f1", *_LANGUAGE,
)  # fmt: skip
"""What a linear model answers: all but where the request stands."""

MOST_COMMENTS: Final = 16_000
"""Comments a baseline learns from: a linear model on more takes long and gains little."""

Features = NDArray[np.float32] | Any
"""(n, d), dense or sparse."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A method's answers, and which figures they allow."""

    name: str
    tasks: tuple[str, ...]
    pairs: list[Pair] = field(repr=False)


def run(train: Sequence[Example], test: Sequence[Example], encoder: str | None, step: Step) -> list[Baseline]:
    """Trains every baseline on at most MOST_COMMENTS of `train`, and lets it answer `test`.

    Minutes on two cores.
    """
    train = random.Random(0).sample(list(train), min(MOST_COMMENTS, len(train)))
    texts = [example.text for example in (*train, *test)]
    vectors = embed(texts, encoder, lambda share: step("Baselines: embeddings", share))
    grams = _grams()
    step("Baselines: n-grams", 0.0)
    sparse = grams.fit_transform(texts[: len(train)]), grams.transform(texts[len(train) :])
    dense = vectors[: len(train)], vectors[len(train) :]
    found = [
        Baseline(name='"?" rule', tasks=_REQUEST, pairs=question_mark(test)),
        _linear("embeddings", dense, train, test, step),
        _linear("n-grams", sparse, train, test, step),
        Baseline(name="langdetect", tasks=_LANGUAGE, pairs=langdetect(test)),
    ]
    step("Baselines: n-grams", 1.0)
    return found


def question_mark(test: Sequence[Example]) -> list[Pair]:
    """A request wherever there is a question mark."""
    return [(gold, Example(id=gold.id, text=gold.text, has_request=gold.has_question_mark)) for gold in test]


def langdetect(test: Sequence[Example]) -> list[Pair]:
    """The language by the library's own `detect`, seeded; what we do not serve is `und`."""
    DetectorFactory.seed = 0
    return [(gold, Example(id=gold.id, text=gold.text, lang=_detected(gold.text))) for gold in test]


def _detected(text: str) -> str:
    try:
        code = str(detect(text)).replace("no", "nb")
    except LangDetectException:
        return UNDETERMINED
    return code if code in LANGUAGES else UNDETERMINED


def _grams() -> TfidfVectorizer:
    """2- to 5-grams inside words; sublinear counts, as is usual for short texts."""
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=2, max_features=150_000, sublinear_tf=True
    )


def _linear(
    name: str, features: tuple[Features, Features], train: Sequence[Example], test: Sequence[Example],
    step: Step,
) -> Baseline:  # fmt: skip
    known, asked = features
    answers = [Example(id=gold.id, text=gold.text, aspects={}) for gold in test]
    for done, (task, labels) in enumerate(tasks := _labels(train)):
        told = np.array([label is not None for label in labels])
        names = np.array([label for label in labels if label is not None])
        found = _fit(known[told], names, balanced=task not in _BY_ACCURACY).predict(asked)
        answers = [_answered(answer, task, str(label)) for answer, label in zip(answers, found, strict=True)]
        step(f"Baselines: {name}", (done + 1) / len(tasks))
    return Baseline(name=name, tasks=_ALL, pairs=list(zip(test, answers, strict=True)))


_BY_ACCURACY: Final = ("intent", "sentiment", "lang")
"""Counted by accuracy: there the frequent classes should count more. Where F1 counts, balancing helps."""


def _labels(train: Sequence[Example]) -> list[tuple[str, list[str | None]]]:
    """Every task with the class of each example; None where it is not learnt from."""
    return [
        ("request", [str(example.has_request) for example in train]),
        ("intent", [example.request for example in train]),
        ("sentiment", [example.sentiment for example in train]),
        ("urgent", [str(example.urgent) for example in train]),
        ("lang", [example.lang for example in train]),
        *((str(category), _polarities(train, category)) for category in CATEGORIES),
    ]


def _polarities(train: Sequence[Example], category: str) -> list[str | None]:
    return [(example.aspects or {}).get(category, ABSENT) for example in train]


def _fit(features: Features, labels: NDArray[np.str_], balanced: bool) -> Any:
    """One against the rest, where there are several classes.

    liblinear takes seconds on sparse n-grams where the default solver takes minutes. The
    penalties were chosen by trials inside the training split; dense features are scaled.
    """
    classes = len(set(labels.tolist()))
    if classes == 1:  # such as the language of a corpus in one language
        return DummyClassifier(strategy="most_frequent").fit(features, labels)
    weight = "balanced" if balanced else None
    dense = isinstance(features, np.ndarray)
    model = LogisticRegression(C=0.02 if dense else 20.0, class_weight=weight, solver="liblinear")
    rest = OneVsRestClassifier(model) if classes > 2 else model
    return (make_pipeline(StandardScaler(), rest) if dense else rest).fit(features, labels)


def _answered(answer: Example, task: str, label: str) -> Example:
    if task == "request":
        return replace(answer, has_request=label == "True")
    if task == "intent":
        return replace(answer, request=label if answer.has_request else None)
    if task == "urgent":
        return replace(answer, urgent=label == "True")
    if task in ("sentiment", "lang"):
        return replace(answer, **{task: label})  # type: ignore[arg-type]
    return answer if label == ABSENT else replace(answer, aspects={**(answer.aspects or {}), task: label})
