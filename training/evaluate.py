"""Runs a predictor over labelled comments, through the same pipeline that serves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.dataset import Example, load_corpus
from training.metrics import Pair
from training.splits import SPLITS, by_hash, read_splits
from triage.errors import InvalidInput
from triage.pipeline import examine
from triage.ports import Predictor
from triage.types import Finding, Prediction, SurveyResponse

CHUNK = 128


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One labelled comment beside all that the service says of it."""

    gold: Example
    found: Example
    """The finding in the form of the labels."""
    finding: Finding
    prediction: Prediction | None
    """The probabilities behind the finding; None for a comment without words, which no model sees."""

    @property
    def pair(self) -> Pair:
        """Gold and predicted labels, as `metrics` takes them."""
        return self.gold, self.found


def judge(
    examples: Sequence[Example], predictor: Predictor, progress: Callable[[float], None] = lambda _: None
) -> list[Judged]:
    """What the service would say of every example, in order; `progress` hears the share done."""
    judged: list[Judged] = []
    for start in range(0, len(examples), CHUNK):
        part = examples[start : start + CHUNK]
        found = examine([_response(example) for example in part], predictor)
        judged += [
            Judged(gold=gold, found=to_example(gold, finding), finding=finding, prediction=prediction)
            for gold, (finding, prediction) in zip(part, found, strict=True)
        ]
        progress(len(judged) / len(examples))
    return judged


def evaluate(
    examples: Sequence[Example], predictor: Predictor, progress: Callable[[float], None] = lambda _: None
) -> list[Pair]:
    """Gold labels beside what the predictor found, in order."""
    return [judged.pair for judged in judge(examples, predictor, progress)]


def _response(example: Example) -> SurveyResponse:
    return SurveyResponse(external_id=example.id, comment=example.text, question=example.question)


def to_example(gold: Example, finding: Finding) -> Example:
    """A finding in the form of the labels."""
    request = finding.request
    return Example(
        id=gold.id,
        text=gold.text,
        lang=finding.language.code,
        aspects={aspect.category: aspect.polarity for aspect in finding.aspects},
        sentiment=finding.sentiment,
        has_request=request is not None,
        request=request.intent if request else None,
        span=(request.start, request.end) if request else None,
        urgent=finding.urgent,
    )


def pick(corpus: Path, split: str) -> list[Example]:
    """The comments of a split, or all. Raises InvalidInput for an unknown or empty split."""
    if split not in (*SPLITS, "all"):
        raise InvalidInput(f"no split {split!r}: choose {', '.join(SPLITS)} or all")
    where = read_splits(corpus) if corpus.is_dir() else by_hash
    picked = [example for example in load_corpus(corpus) if split in ("all", where(example))]
    if not picked:
        raise InvalidInput(f"{corpus} has no comments in the split {split}")
    return picked
