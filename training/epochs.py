"""What one pass goes over: comments drawn, joined, varied, asked, and put into batches."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from models.text import LEAD, TextEncoder, Window
from training.augment import cropped, join, vary
from training.dataset import Example
from training.questions import Questions
from triage.labels import UNDETERMINED


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how hard one pass trains."""

    epochs: int
    rate: float
    """Peak learning rate of the top encoder layer and above."""
    layer_decay: float = 0.9
    """Each lower layer learns at this share of the rate above it (Howard and Ruder 2018)."""
    head_rate: float = 1e-3
    warmup: float = 0.1
    """Share of all steps."""
    batch: int = 32
    augmented: bool = True
    joined: float = 0.15
    """Share of examples joined with another comment of the language."""
    cropped: float = 0.1
    """Few-word crops per example, which teach the language alone."""
    beside: float = 0.2
    """Third-party examples per comment of the corpus, drawn anew each epoch: ordinary words that it lacks."""
    rehearsed: float = 0.0
    """Earlier comments per comment of the cycle, drawn anew each epoch so that they are not forgotten."""
    asked: float = 0.0
    """Share of examples beside a survey's question, crops and third-party text too, if any is given."""
    masked: float = 0.08
    """Share of a comment's pieces hidden behind the mask that the encoder knows from its pretraining."""
    average_from: float = 0.7
    """Weights are averaged over the steps after this share (Izmailov et al. 2018)."""
    consistency: float = 0.0
    """Weight of the loss for answering two variations of a comment differently; with 0 there is but one.

    R-Drop (Liang et al. 2021), here between two ways to type a comment, not between dropout masks alone.
    """
    seed: int = 17


Views = tuple[Example, ...]
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
    if schedule.augmented:
        drawn += _crops(drawn, schedule) + _drawn(drawn, schedule, beside)
    return schedule.epochs * math.ceil(drawn / _comments(schedule))


def epoch_examples(
    examples: Sequence[Example], schedule: Schedule, rng: random.Random, beside: Sequence[Example] = (),
    questions: Questions | None = None, earlier: Sequence[Example] = (),
) -> list[Views]:  # fmt: skip
    """One epoch's comments: shuffled, some joined with another of their language, varied, some asked.

    With a draw of `earlier` ones, lest these be forgotten (rehearsal, Robins 1995).
    """
    examples = [*examples, *rng.sample(earlier, _rehearsed(len(examples), earlier, schedule))]
    shuffled = rng.sample(examples, len(examples))
    if not schedule.augmented:
        return [(example,) for example in shuffled]
    by_language: dict[str | None, list[Example]] = {}
    for example in shuffled:
        if example.aspects is not None and example.sentiment is not None:
            by_language.setdefault(example.lang, []).append(example)
    whole = [_joined(example, by_language, schedule.joined, rng) for example in shuffled]
    whole += rng.sample(beside, _drawn(len(examples), schedule, beside))
    views = [_views(example, schedule, rng) for example in whole]
    ours = [example for example in shuffled if example.lang != UNDETERMINED]
    views += [(cropped(rng.choice(ours), rng),) for _ in range(_crops(len(examples), schedule))]
    if questions:
        views = [tuple(_asked(one, questions, schedule.asked, rng) for one in view) for view in views]
    rng.shuffle(views)
    return views


def _rehearsed(examples: int, earlier: Sequence[Example], schedule: Schedule) -> int:
    return min(len(earlier), round(schedule.rehearsed * examples))


def _crops(examples: int, schedule: Schedule) -> int:
    return round(schedule.cropped * examples)


def _drawn(examples: int, schedule: Schedule, beside: Sequence[Example]) -> int:
    return min(len(beside), round(schedule.beside * examples))


def _comments(schedule: Schedule) -> int:
    """In a batch."""
    return schedule.batch // (2 if schedule.consistency else 1)


def _joined(
    example: Example, by_language: dict[str | None, list[Example]], share: float, rng: random.Random
) -> Example:
    partners = by_language.get(example.lang, [])
    if partners and example.aspects is not None and example.lang != UNDETERMINED and rng.random() < share:
        pair = [example, rng.choice(partners)]
        rng.shuffle(pair)
        return join(pair[0], pair[1]) or example
    return example


def _views(example: Example, schedule: Schedule, rng: random.Random) -> Views:
    if schedule.consistency:
        return vary(example, rng, turning=0.0), vary(example, rng, turning=1.0)
    return (vary(example, rng),)


def _asked(example: Example, questions: Questions, share: float, rng: random.Random) -> Example:
    return questions.beside(example, rng) if rng.random() < share else example


def batches(
    comments: Sequence[Views], text: TextEncoder, schedule: Schedule, rng: random.Random
) -> Iterator[Batch]:
    """Batches of similar length in random order; of a long comment the window that asks, else the first."""
    size = _comments(schedule)
    for start in range(0, len(comments), size * 32):
        part = comments[start : start + size * 32]
        windows = iter(one_window_each(text, [example for views in part for example in views]))
        seen = [[(next(windows), example) for example in views] for views in part]
        seen.sort(key=lambda views: max(len(window.ids) for window, _ in views))
        groups = [seen[i : i + size] for i in range(0, len(seen), size)]
        rng.shuffle(groups)
        for group in groups:
            yield _batch(group)


def _batch(group: Sequence[Sequence[tuple[Window, Example]]]) -> Batch:
    flat = [shown for views in group for shown in views]
    ends = accumulate(len(views) for views in group)
    return Batch(
        windows=[window for window, _ in flat],
        examples=[example for _, example in flat],
        twins=[(end - 2, end - 1) for end, views in zip(ends, group, strict=True) if len(views) == 2],
    )


def hide(window: Window, mask: int, share: float, rng: random.Random) -> Window:
    """Every other window with some of the comment's pieces masked: the rest must tell what it is about."""
    if rng.random() < 0.5:
        return window
    ids = list(window.ids)
    for at in range(LEAD, LEAD + len(window.spans)):
        if rng.random() < share:
            ids[at] = mask
    return replace(window, ids=ids)


def one_window_each(text: TextEncoder, examples: Sequence[Example]) -> list[Window]:
    """Of a comment of several windows the one that asks, else the first."""
    chosen: dict[int, Window] = {}
    found = text.windows([e.text for e in examples], [e.question for e in examples])
    for window in found:
        asking = examples[window.text].span
        holds = asking and window.spans and window.spans[0][0] <= asking[0] < window.spans[-1][1]
        if window.text not in chosen or holds:
            chosen[window.text] = window
    return [chosen[i] for i in range(len(examples))]
