"""How far two people agree who labelled the same comments, the second without seeing the first's labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.dataset import load_file
from training.metrics import Pair, score
from triage.errors import InvalidInput

FIELDS: Final = (
    "request", "kappa", "intent", "request_text", "categories", "with_polarity", "sentiment", "urgent",
    "lang",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Shares of the comments, or F1 where there are several answers; nan where nothing could be compared."""

    comments: int
    request: float
    """Both see a request, or neither does."""
    kappa: float
    """The same beyond what chance would give (Cohen 1960)."""
    intent: float
    """Where the first sees a request."""
    request_text: float
    """Overlap of words, F1."""
    categories: float
    """F1"""
    with_polarity: float
    """F1"""
    sentiment: float
    urgent: float
    lang: float


def load(first: Path, second: Path) -> list[Pair]:
    """Both labels of every comment of `second`. Raises InvalidInput for a comment that `first` lacks."""
    known = {example.id: example for example in load_file(first)}
    pairs = []
    for example in load_file(second):
        if example.id not in known or known[example.id].text != example.text:
            raise InvalidInput(f"{second}: {example.id} is not the same comment in {first}")
        pairs.append((known[example.id], example))
    return pairs


def agree(pairs: Sequence[Pair]) -> Agreement:
    """The agreement over all pairs."""
    scores = score(pairs)
    return Agreement(
        comments=len(pairs),
        request=_share([one.has_request == two.has_request for one, two in pairs]),
        kappa=kappa([(bool(one.has_request), bool(two.has_request)) for one, two in pairs]),
        intent=scores.intent_accuracy,
        request_text=scores.span_f1,
        categories=scores.category_f1,
        with_polarity=scores.aspect_f1,
        sentiment=scores.sentiment_accuracy,
        urgent=_share([one.urgent == two.urgent for one, two in pairs]),
        lang=_share([one.lang == two.lang for one, two in pairs]),
    )


def by_language(pairs: Sequence[Pair]) -> dict[str, Agreement]:
    """`all`, then each language."""
    codes = sorted({one.language for one, _ in pairs})
    return {"all": agree(pairs)} | {
        code: agree([pair for pair in pairs if pair[0].language == code]) for code in codes
    }


def kappa(answers: Sequence[tuple[bool, bool]]) -> float:
    """Cohen's kappa of two people's yes or no; nan where both always say the same one thing."""
    same = _share([one == two for one, two in answers])
    yes = _share([one for one, _ in answers]) * _share([two for _, two in answers])
    no = _share([not one for one, _ in answers]) * _share([not two for _, two in answers])
    return (same - yes - no) / (1 - yes - no) if yes + no < 1 else float("nan")


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else float("nan")


def differences(pairs: Sequence[Pair]) -> list[tuple[str, str, str, str]]:
    """Every field that two labels of a comment differ in: id, field, first, second; for resolving them."""
    return [
        (one.id, field, str(getattr(one, field)), str(getattr(two, field)))
        for one, two in pairs
        for field in ("lang", "request", "sentiment", "urgent", "aspects")
        if getattr(one, field) != getattr(two, field)
    ]
