"""How far the model as it is served (8-bit integers) is from the trained one (fp32 torch)."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.predictor import load_predictor
from training.dataset import Example
from training.evaluate import Judged, judge
from triage.types import Prediction

HEADS: Final = ("request", "intent", "sentiment", "aspects", "urgent", "language", "tokens")
_LABELS: Final = {"request": "has_request", "intent": "request", "language": "lang"}
"""Head -> the field of an example that its answer stands in, where they are named differently."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """One head, served against trained."""

    greatest: float
    """Difference of a probability."""
    percentile: float
    """99 % of all differences are at most this."""
    same: float | None
    """Share of comments with the same answer; None for the pieces' marks, which are no answer."""


def agreement(folder: Path, examples: Sequence[Example], encoder: str | None = None) -> dict[str, Agreement]:
    """Head -> agreement, over comments that both backends judge."""
    with tempfile.TemporaryDirectory() as cache:
        served, trained = (
            judge(
                examples,
                load_predictor(model=str(folder), cache_dir=Path(cache), backend=backend, encoder=encoder),
            )
            for backend in ("onnx", "torch")
        )
        return {head: _agreement(head, served, trained) for head in HEADS}


def _agreement(head: str, served: Sequence[Judged], trained: Sequence[Judged]) -> Agreement:
    both = list(zip(served, trained, strict=True))
    gaps = np.concatenate(
        [
            np.abs(_chances(one.prediction, head) - _chances(other.prediction, head))
            for one, other in both
            if one.prediction and other.prediction
        ]
    )
    field = _LABELS.get(head, head)
    same = [
        getattr(one.found, field) == getattr(other.found, field) for one, other in both if head != "tokens"
    ]
    return Agreement(
        greatest=float(gaps.max()),
        percentile=float(np.percentile(gaps, 99)),
        same=float(np.mean(same)) if same else None,
    )


def _chances(prediction: Prediction, head: str) -> NDArray[np.float64]:
    """All probabilities of a head in one row."""
    if head == "tokens":
        return np.array([token.probability for token in prediction.tokens])
    return np.ravel(np.array(getattr(prediction, head), dtype=np.float64))
