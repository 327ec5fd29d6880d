"""Behavioural tests (CheckList, Ribeiro et al. 2020): what must not change an answer, and how often it does.

Each perturbation leaves a comment's labels true. The model's answers before and after
are compared with each other, not with the labels: this measures steadiness alone.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from training.augment import (
    EMOJI,
    new_numbers,
    typo,
    without_question_mark,
)
from training.dataset import Example
from training.evaluate import evaluate
from training.metrics import Pair
from training.names import NAMES
from training.questions import Questions
from triage.letters import without_diacritics
from triage.ports import Predictor
from triage.segments import is_ended, segment

Perturb = Callable[[Example, random.Random], str]
"""The text as it might also have been typed; the same text where there is nothing to change."""


@dataclass(frozen=True, kw_only=True)
class Flips:
    """How many of the answers given changed."""

    request: int = 0
    sentiment: int = 0
    aspects: int = 0
    """Categories that came, went or changed polarity."""
    language: int = 0
    comments: int = 0
    """Each has one answer on the request and one on the sentiment."""
    categories: int = 0
    """Found before or after."""

    def __add__(self, other: "Flips") -> "Flips":
        return Flips(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    @property
    def rates(self) -> dict[str, float]:
        """Share of answers that changed: of each task, and of the first three together."""
        changed = self.request + self.sentiment + self.aspects
        return {
            "request": _share(self.request, self.comments),
            "sentiment": _share(self.sentiment, self.comments),
            "aspects": _share(self.aspects, self.categories),
            "language": _share(self.language, self.comments),
            "all": _share(changed, 2 * self.comments + self.categories),
        }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def question_mark_added(example: Example, _: random.Random) -> str:
    """A complaint that asks nothing, sneered as a question."""
    if example.has_request or example.sentiment != "negative" or example.has_question_mark:
        return example.text
    return example.text.rstrip(" .!…") + (";" if example.language == "el" else "?")


def question_mark_removed(example: Example, _: random.Random) -> str:
    """A request typed without its question mark."""
    if not example.has_request or not example.has_question_mark:
        return example.text
    return without_question_mark(example.text)


def one_typo(example: Example, rng: random.Random) -> str:
    """At least one slip of the finger."""
    for _ in range(20):
        text = typo(example.text, rng)
        if text != example.text:
            return text
    return example.text


_AGREEING: Final = {
    "positive": [e for e in EMOJI if e in "🙂👍😊❤️"],
    "negative": [e for e in EMOJI if e in "😡😞🙄"],
}


def emoji(example: Example, rng: random.Random) -> str:
    """An emoji that agrees with the comment's mood; a neutral one where it has no single mood."""
    return f"{example.text} {rng.choice(_AGREEING.get(example.sentiment or '', ['🙏', '🤔']))}"


def other_names(example: Example, rng: random.Random) -> str:
    """Another person and another place."""
    text = example.text
    for group in NAMES.get(example.language, ()):
        pattern = re.compile(rf"\b(?:{'|'.join(group)})\b")
        text = pattern.sub(lambda found, group=group: _other(found.group(), group, rng), text)  # type: ignore[misc]
    return text


def _other(name: str, group: Sequence[str], rng: random.Random) -> str:
    return rng.choice([other for other in group if other != name])


def sentences_turned(example: Example, _: random.Random) -> str:
    """The last sentence first."""
    *others, last = _sentences(example)
    return " ".join([last, *others]) if others else example.text


def sentences_shuffled(example: Example, rng: random.Random) -> str:
    """The sentences in another order, any other."""
    sentences = _sentences(example)
    orders = (rng.sample(sentences, len(sentences)) for _ in range(20))
    return " ".join(next((order for order in orders if order != sentences), [example.text]))


def _sentences(example: Example) -> list[str]:
    """Of a comment; all of it as one where any lacks its end mark, for that would melt into the next."""
    sentences = [example.text[s.start : s.end] for s in segment(example.text)]
    return sentences if all(map(is_ended, sentences)) else [example.text]


PERTURBATIONS: Final[Mapping[str, Perturb]] = {
    "question mark added": question_mark_added,
    "question mark removed": question_mark_removed,
    "upper case": lambda example, _: example.text.upper(),
    "diacritics lost": lambda example, _: without_diacritics(example.text),
    "typo": one_typo,
    "emoji": emoji,
    "other numbers": lambda example, rng: new_numbers(example.text, rng),
    "other names and places": other_names,
    "sentences turned": sentences_turned,
    "sentences shuffled": sentences_shuffled,
}

ASKED: Final = "question asked"
"""The survey's question is told too, fitting or not: the labels are of the comment alone."""

Table = dict[str, dict[str, Flips]]
"""Perturbation -> language -> flips."""


def measure(
    examples: Sequence[Example], predictor: Predictor, progress: Callable[[float], None] = lambda _: None,
    questions: Questions | None = None, seed: int = 5,
) -> Table:  # fmt: skip
    """Flips of every perturbation that changes a comment at all, and of `questions` beside it."""
    varied = [(name, example) for name in PERTURBATIONS for example in _varied(name, examples, seed)]
    varied += [(ASKED, example) for example in _asked(examples, questions, seed)]
    pairs = evaluate([*examples, *(example for _, example in varied)], predictor, progress)
    before = {gold.id: found for gold, found in pairs[: len(examples)]}
    table: Table = {name: {} for name in (*PERTURBATIONS, *([ASKED] if questions else []))}
    for (name, example), after in zip(varied, pairs[len(examples) :], strict=True):
        flips = table[name].setdefault(example.language, Flips())
        table[name][example.language] = flips + compare(before[example.id], after)
    return table


def _varied(name: str, examples: Sequence[Example], seed: int) -> Iterator[Example]:
    rng = random.Random(f"{name} {seed}")
    for example in examples:
        text = PERTURBATIONS[name](example, rng)
        if text != example.text:
            yield replace(example, text=text, span=None)


def _asked(examples: Sequence[Example], questions: Questions | None, seed: int) -> list[Example]:
    if not questions:
        return []
    rng = random.Random(f"{ASKED} {seed}")
    return [questions.beside(example, rng) for example in examples]


def compare(before: Example, after: Pair) -> Flips:
    """What changed in the answers on one comment."""
    one, two = dict(before.aspects or {}), dict(after[1].aspects or {})
    return Flips(
        request=int(before.has_request != after[1].has_request),
        sentiment=int(before.sentiment != after[1].sentiment),
        aspects=sum(one.get(category) != two.get(category) for category in one | two),
        language=int(before.lang != after[1].lang),
        comments=1,
        categories=len(one | two),
    )


def total(by_language: Mapping[str, Flips]) -> Flips:
    """All languages together."""
    return sum(by_language.values(), Flips())


def sample(examples: Sequence[Example], most: int, seed: int = 5) -> list[Example]:
    """At most `most` comments of each language, the same every time."""
    groups: dict[str, list[Example]] = {}
    for example in random.Random(seed).sample(list(examples), len(examples)):
        groups.setdefault(example.language, []).append(example)
    return [example for code in sorted(groups) for example in groups[code][:most]]
