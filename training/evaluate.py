"""Runs a predictor over labelled comments, through the same pipeline that serves."""

from collections.abc import Callable, Sequence
from pathlib import Path

from training.dataset import Example, load_corpus
from training.metrics import Pair
from training.splits import by_hash, read_splits
from triage.errors import InvalidInput
from triage.pipeline import analyse
from triage.ports import Predictor
from triage.types import Finding, SurveyResponse

CHUNK = 128


def evaluate(
    examples: Sequence[Example], predictor: Predictor, progress: Callable[[float], None] = lambda _: None
) -> list[Pair]:
    """Gold labels beside what the predictor found, in order."""
    pairs: list[Pair] = []
    for start in range(0, len(examples), CHUNK):
        part = examples[start : start + CHUNK]
        findings = analyse([_response(example) for example in part], predictor)
        pairs += [(gold, to_example(gold, finding)) for gold, finding in zip(part, findings, strict=True)]
        progress(len(pairs) / len(examples))
    return pairs


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
    """The comments of a split, or all. Raises InvalidInput for an unknown split."""
    if split not in ("train", "dev", "test", "all"):
        raise InvalidInput(f"no split {split!r}: choose train, dev, test or all")
    where = read_splits(corpus) if corpus.is_dir() else by_hash
    return [example for example in load_corpus(corpus) if split in ("all", where(example))]
