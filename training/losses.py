"""What the network's answers should have been, and what being wrong costs."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.network import Logits
from models.text import LEAD, Window
from training.dataset import Example
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, POLARITIES, SENTIMENTS, UNDETERMINED

IGNORE = -100
"""Marks what is not labelled: no loss comes from it."""
_SIDES = ("positive", "negative")
_SIDE_COLUMNS = [SENTIMENTS.index(side) for side in _SIDES]


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Labels of B windows of T pieces as tensors; IGNORE or nan where unknown."""

    aspects: Tensor
    sentiment: Tensor
    polarity: Tensor
    request: Tensor
    intent: Tensor
    urgent: Tensor
    language: Tensor
    tokens: Tensor
    asks: Tensor


def encode_targets(windows: Sequence[Window], examples: Sequence[Example], length: int) -> Targets:
    """The labels of a batch."""
    tokens = np.full((len(windows), length), np.nan, dtype=np.float32)
    for row, (window, example) in enumerate(zip(windows, examples, strict=True)):
        if example.has_request is False or example.span:
            start, end = example.span or (0, 0)
            marks = [float(s < end and e > start) for s, e in window.spans]
            tokens[row, LEAD : LEAD + len(marks)] = marks
    return Targets(
        aspects=torch.tensor([_aspect_classes(e) for e in examples]),
        sentiment=_classes([e.sentiment for e in examples], SENTIMENTS),
        polarity=_classes([e.polarity for e in examples], _SIDES),
        request=_floats([e.has_request for e in examples]),
        intent=_classes([e.request for e in examples], INTENTS),
        urgent=_floats([e.urgent for e in examples]),
        language=_classes([e.lang for e in examples], (*LANGUAGES, UNDETERMINED)),
        tokens=torch.from_numpy(tokens),
        asks=_floats([e.asks for e in examples]),
    )


def _aspect_classes(example: Example) -> list[int]:
    if example.aspects is None:
        return [IGNORE] * len(CATEGORIES)
    known = {category: 1 + POLARITIES.index(p) for category, p in example.aspects.items()}
    return [known.get(category, 0) for category in CATEGORIES]


def _classes(labels: Sequence[str | None], names: Sequence[str]) -> Tensor:
    return torch.tensor([IGNORE if label is None else names.index(label) for label in labels])


def _floats(labels: Sequence[bool | None]) -> Tensor:
    return torch.tensor([math.nan if label is None else float(label) for label in labels])


WEIGHTS = {
    "aspects": 15.0, "sentiment": 0.7, "polarity": 0.5, "request": 1.0, "intent": 0.7, "urgent": 0.7,
    "language": 0.3, "tokens": 1.5, "asks": 0.3,
}  # fmt: skip
"""How much each task counts; `aspects` is a mean over 15 categories, so this is their sum."""


def total_loss(logits: Logits, targets: Targets, tasks: Collection[str] = WEIGHTS.keys()) -> Tensor:
    """The weighted sum over `tasks`, named as in `WEIGHTS`; one that nobody labelled here adds nothing."""
    parts = {
        "aspects": _cross_entropy(logits.aspects.flatten(0, 1), targets.aspects.flatten()),
        "sentiment": _cross_entropy(logits.sentiment, targets.sentiment),
        "polarity": _cross_entropy(logits.sentiment[:, _SIDE_COLUMNS], targets.polarity),
        "request": _binary(logits.request, targets.request),
        "intent": _cross_entropy(logits.intent, targets.intent),
        "urgent": _binary(logits.urgent, targets.urgent, positive=2.0),
        "language": _cross_entropy(logits.language, targets.language),
        "tokens": _binary(logits.tokens, targets.tokens),
        "asks": _binary(logits.asks, targets.asks),
    }
    return torch.stack([WEIGHTS[task] * parts[task] for task in tasks]).sum()


def _cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    known = classes != IGNORE
    if not known.any():
        return logits.sum() * 0.0
    return F.cross_entropy(logits[known], classes[known], label_smoothing=0.03)


def _binary(logits: Tensor, truth: Tensor, positive: float = 1.0) -> Tensor:
    known = ~truth.isnan()
    if not known.any():
        return logits.sum() * 0.0
    return F.binary_cross_entropy_with_logits(logits[known], truth[known], pos_weight=torch.tensor(positive))


def disagreement(logits: Logits, twins: Sequence[tuple[int, int]]) -> Tensor:
    """How differently two variations are answered: symmetric Kullback-Leibler divergence, weighed by task.

    `twins` are their places in the batch; without any it is 0. Pieces of one have no counterpart in the
    other, and an intent means nothing where nobody asks.
    """
    if not twins:
        return logits.sentiment.sum() * 0.0
    one, other = (torch.tensor(places) for places in zip(*twins, strict=True))
    parts = {
        "aspects": _divergence(logits.aspects[one], logits.aspects[other]),
        "sentiment": _divergence(logits.sentiment[one], logits.sentiment[other]),
        "request": _divergence(*(_two(logits.request[places]) for places in (one, other))),
        "urgent": _divergence(*(_two(logits.urgent[places]) for places in (one, other))),
    }
    return torch.stack([WEIGHTS[task] * part for task, part in parts.items()]).sum()


def _divergence(one: Tensor, other: Tensor) -> Tensor:
    one, other = F.log_softmax(one.float(), -1), F.log_softmax(other.float(), -1)
    return ((one.exp() - other.exp()) * (one - other)).sum(-1).mean() / 2


def _two(logits: Tensor) -> Tensor:
    """The logits of yes and no whose softmax is the sigmoid of these."""
    return torch.stack([logits, torch.zeros_like(logits)], dim=-1)
