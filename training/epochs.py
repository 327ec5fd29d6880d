"""What one pass goes over: comments drawn, joined, varied, asked, and put into batches."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from models.text import TextEncoder, Window
from training.augment import cropped, join, vary
from training.dataset import Example
from training.questions import Questions
from training.schedule import Schedule
from training.windows import one_window_each
from triage.labels import UNDETERMINED

Variations = tuple[Example, ...]
"""One comment as it stands in a batch: once, or in variations that ought to be answered alike."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Windows of similar length with what they came from."""

    windows: list[Window]
    examples: list[Example]
    twins: list[tuple[int, int]]
    """Places of two variations of one comment."""


def steps_of(examples: int, schedule: Schedule, beside: Sequence[Example], earlier: Sequence[Example]) -> int:
    """How many batches all epochs over so many comments have."""
    drawn = examples + _rehearsed(examples, earlier, schedule)
    drawn += _crops(drawn, schedule) + _drawn(drawn, schedule, beside)
    return schedule.epochs * math.ceil(drawn / _comments(schedule))


def epoch_examples(
    examples: Sequence[Example], schedule: Schedule, rng: random.Random, beside: Sequence[Example] = (),
    questions: Questions | None = None, earlier: Sequence[Example] = (),
) -> list[Variations]:  # fmt: skip
    """One epoch's comments: shuffled, some joined with another of their language, varied, some asked.

    With a draw of `earlier` ones, lest these be forgotten (rehearsal, Robins 1995).
    """
    examples = [*examples, *rng.sample(earlier, _rehearsed(len(examples), earlier, schedule))]
    shuffled = rng.sample(examples, len(examples))
    by_language: dict[str | None, list[Example]] = {}
    for example in shuffled:
        if example.aspects is not None and example.sentiment is not None:
            by_language.setdefault(example.lang, []).append(example)
    whole = [_joined(example, by_language, schedule.joined, rng) for example in shuffled]
    whole += rng.sample(beside, _drawn(len(examples), schedule, beside))
    drawn = [_variations(example, schedule, rng) for example in whole]
    ours = [example for example in shuffled if example.lang != UNDETERMINED]
    drawn += [(cropped(rng.choice(ours), rng),) for _ in range(_crops(len(examples), schedule))]
    if questions:
        # Of two variations often one alone is asked: what a comment says holds without its question.
        drawn = [tuple(_asked(one, questions, schedule.asked, rng) for one in comment) for comment in drawn]
    rng.shuffle(drawn)
    return drawn


def _rehearsed(examples: int, earlier: Sequence[Example], schedule: Schedule) -> int:
    return min(len(earlier), round(schedule.rehearsed * examples))


def _crops(examples: int, schedule: Schedule) -> int:
    return round(schedule.cropped * examples)


def _drawn(examples: int, schedule: Schedule, beside: Sequence[Example]) -> int:
    return min(len(beside), round(schedule.beside * examples))


def _comments(schedule: Schedule) -> int:
    """In a batch."""
    return max(1, schedule.batch // 2) if schedule.consistency else schedule.batch


def _joined(
    example: Example, by_language: dict[str | None, list[Example]], share: float, rng: random.Random
) -> Example:
    partners = by_language.get(example.lang, [])
    if partners and example.aspects is not None and example.lang != UNDETERMINED and rng.random() < share:
        pair = [example, rng.choice(partners)]
        rng.shuffle(pair)
        return join(pair[0], pair[1]) or example
    return example


def _variations(example: Example, schedule: Schedule, rng: random.Random) -> Variations:
    if schedule.consistency:
        return vary(example, rng, turning=0.0), vary(example, rng, turning=1.0)
    return (vary(example, rng),)


def _asked(example: Example, questions: Questions, share: float, rng: random.Random) -> Example:
    return questions.beside(example, rng) if rng.random() < share else example


def batches(
    comments: Sequence[Variations], text: TextEncoder, schedule: Schedule, rng: random.Random
) -> Iterator[Batch]:
    """Batches of similar length in random order; of a long comment the window that asks, else the first."""
    size = _comments(schedule)
    for start in range(0, len(comments), size * 32):
        part = comments[start : start + size * 32]
        windows = iter(one_window_each(text, [example for comment in part for example in comment]))
        seen = [[(next(windows), example) for example in comment] for comment in part]
        seen.sort(key=lambda comment: max(len(window.ids) for window, _ in comment))
        groups = [seen[i : i + size] for i in range(0, len(seen), size)]
        rng.shuffle(groups)
        for group in groups:
            yield _batch(group)


def _batch(group: Sequence[Sequence[tuple[Window, Example]]]) -> Batch:
    flat = [shown for comment in group for shown in comment]
    ends = accumulate(len(comment) for comment in group)
    return Batch(
        windows=[window for window, _ in flat],
        examples=[example for _, example in flat],
        twins=[(end - 2, end - 1) for end, comment in zip(ends, group, strict=True) if len(comment) == 2],
    )
