"""How a model is made: which layers, which text, how many passes."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from training.dataset import Example
from training.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """Passes over the training split from a warm-up to small steps; the next cycle warms up again.

    Restarts as in Loshchilov and Hutter 2017 ("SGDR").
    """

    schedule: Schedule
    batches: frozenset[str] | None = None
    """Of the corpus, where not all of it; a corpus that has none of them skips the cycle."""
    without: frozenset[str] = frozenset()
    """Batches that this cycle leaves out."""
    reread: str | None = None
    """Name of a file of second, blind labels: it goes over their comments instead of the split."""
    earlier: frozenset[str] | None = frozenset()
    """Batches that `Schedule.rehearsed` draws from; None for all but its own."""
    mean: int = 1
    """The weights afterwards are the mean of what so many cycles ended in (Izmailov et al. 2018)."""
    kept: float = 0.0
    """Share in it of the weights that the first of them began with (Wortsman et al. 2022, "WiSE-FT")."""


def _batches(*numbers: int) -> frozenset[str]:
    return frozenset(f"b{number}" for number in numbers)


_FIRST: Final = _batches(1, 2, 3, *range(6, 13), 14)
_SECOND: Final = _FIRST | _batches(13, 15, 16, 18)
_THIRD: Final = _SECOND | _batches(17, 19)
_FOURTH: Final = _THIRD | _batches(*range(20, 24))
_FIFTH: Final = _FOURTH | _batches(*range(24, 29))
_SIXTH: Final = _FIFTH | _batches(*range(29, 35))
_SEVENTH: Final = _SIXTH | _batches(*range(35, 39))
_EIGHTH: Final = _SEVENTH | _batches(*range(39, 43))
_NINTH: Final = _EIGHTH | _batches(*range(43, 46))
_TENTH: Final = _NINTH | _batches(46)
_ELEVENTH: Final = _TENTH | _batches(*range(47, 51))
_TWELFTH: Final = _ELEVENTH | _batches(*range(51, 55))
_UNUSUAL: Final = _batches(13, *range(15, 20), *range(21, 31), 32, 33, 35, *range(37, 40), *range(42, 45))
"""Written to be hard; the other half are ordinary answers, plain verdicts, rulings and the newest text."""
_THIRTEENTH: Final = (_TWELFTH | _batches(*range(55, 60))) - _UNUSUAL
_SELDOM_SEEN: Final = _batches(*range(46, 60))
"""After one to three passes the network knew hardly more of them than of text it had not seen."""
_FIFTEENTH: Final = _THIRTEENTH | _batches(*range(61, 69))
_SEVENTEENTH: Final = _batches(*range(61, 74))
_REVIEWS: Final = _batches(74, 75, 76)
"""What ordinary people write in public: plain verdicts, and in the last of them requests too."""
_ALIKE: Final = Schedule(epochs=1, rate=2e-4, seed=36, asked=0.2, beside=0.5, rehearsed=1.0, consistency=1.0)
"""Two variations of a comment are to be answered alike."""
_AGAIN: Final = replace(
    _ALIKE, rate=1.5e-4, head_rate=5e-4, warmup=0.05, beside=0.15, rehearsed=0.4, dropout=0.0
)
"""Small steps over labels of readers who did not write what they read."""
_NEWEST: Final = _REVIEWS | _batches(78, 79, 81)
"""Reviews, posts, and answers to surveys; rulings on these were settled in their writers' labels."""
_INTENTS: Final = Schedule(
    epochs=2, rate=1e-3, head_rate=1e-3, warmup=0.05, seed=47, joined=0.0, cropped=0.0, beside=0.0,
    rehearsed=0.5, asked=0.2, dropout=0.0, intents_alone=True,
)  # fmt: skip
"""What only requests teach and few weights decide is learnt in minutes, and changes no other answer."""
FIRST_PASS: Final = Schedule(epochs=1, rate=2e-4, joined=0.0)
ORDINARY: Final = Cycle(
    schedule=Schedule(epochs=1, rate=3e-4, seed=32, asked=0.2, beside=0.5), without=_UNUSUAL
)
"""Over what is nearest to what customers write; a corpus of other batches goes through it alone."""
CYCLES: Final = (
    Cycle(schedule=Schedule(epochs=6, rate=3e-4, seed=17, beside=0.0), batches=_FIRST),
    Cycle(schedule=Schedule(epochs=4, rate=3e-4, seed=18, beside=0.0), batches=_SECOND),
    Cycle(schedule=Schedule(epochs=3, rate=3e-4, seed=19, beside=0.0), batches=_THIRD),
    Cycle(schedule=Schedule(epochs=3, rate=3e-4, seed=20, beside=0.0), batches=_FOURTH, mean=2),
    Cycle(schedule=Schedule(epochs=2, rate=3e-4, seed=21), batches=_FIFTH),
    Cycle(schedule=Schedule(epochs=2, rate=3e-4, seed=22), batches=_SIXTH, mean=2),
    Cycle(schedule=Schedule(epochs=2, rate=3e-4, seed=23), batches=_SEVENTH),
    Cycle(schedule=Schedule(epochs=2, rate=3e-4, seed=24), batches=_EIGHTH),
    Cycle(schedule=Schedule(epochs=1, rate=3e-4, seed=25), batches=_NINTH, mean=2),
    Cycle(schedule=Schedule(epochs=1, rate=3e-4, seed=26), batches=_TENTH),
    Cycle(schedule=Schedule(epochs=1, rate=3e-4, seed=27, asked=0.2), batches=_ELEVENTH),
    Cycle(schedule=Schedule(epochs=1, rate=3e-4, seed=28, asked=0.2), batches=_TWELFTH),
    Cycle(schedule=Schedule(epochs=1, rate=3e-4, seed=29, asked=0.2), batches=_THIRTEENTH, mean=4),
    Cycle(
        schedule=Schedule(epochs=4, rate=3e-4, seed=31, asked=0.2, rehearsed=0.5),
        batches=_SELDOM_SEEN,
        earlier=_NINTH,
    ),
    Cycle(schedule=Schedule(epochs=1, rate=3e-4, seed=29, asked=0.2), batches=_FIFTEENTH, mean=5),
    ORDINARY,
    Cycle(
        schedule=Schedule(epochs=2, rate=3e-4, seed=33, asked=0.2, beside=0.4, rehearsed=1.0),
        batches=_SEVENTEENTH,
        earlier=None,
        mean=2,
        kept=0.5,
    ),
    Cycle(
        schedule=Schedule(epochs=2, rate=3e-4, seed=34, asked=0.2, beside=0.5, rehearsed=1.5),
        batches=_batches(74),
        earlier=None,
    ),
    Cycle(
        schedule=Schedule(epochs=1, rate=3e-4, seed=35, asked=0.2, beside=0.4, rehearsed=1.0),
        batches=_REVIEWS,
        earlier=None,
        mean=2,
        kept=0.5,
    ),
    Cycle(schedule=_ALIKE, batches=_REVIEWS, earlier=None),
    Cycle(schedule=replace(_ALIKE, seed=37), batches=_batches(78), earlier=None),
    Cycle(
        schedule=replace(_ALIKE, seed=38, rehearsed=1.5),
        batches=_batches(70, 72, 73),
        earlier=None,
        mean=3,
        kept=0.5,
    ),
    Cycle(schedule=replace(_AGAIN, seed=45), reread="mixed", earlier=None),
    Cycle(schedule=replace(_AGAIN, seed=46), reread="answers", earlier=None),
    Cycle(schedule=replace(_AGAIN, seed=48, beside=0.3), reread="early", earlier=None, mean=3, kept=0.25),
    Cycle(schedule=_INTENTS, batches=_NEWEST, earlier=None),
)
"""The released model's: harder text joins cycle by cycle, third-party text beside it from the fifth on.

Text that one pass had hardly taught is then gone over four times, and ordinary text once; once more with more
third-party text beside it, which tells praise from blame where no shop is spoken of; then the newest, with as
much of all else; then plain reviews, in the same way; then these, more of them, and answers to surveys,
in two variations at a time; then what was read again, with the labels of its readers; at last intents alone,
from the newest requests. Where batches are not named a cycle draws from whatever there is: the released
model met b71 and later ones only in the last ten.
"""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what comes out."""

    name: str
    corpus: Path
    third_party: Path | None = None
    """Folder of openly licensed sets for the first pass and beside the corpus; without it there are none."""
    surveys: Path | None = None
    """Folder of surveys whose questions stand beside some comments; without it the model reads none."""
    encoder: str | None = None
    start: Path | None = None
    """Folder of the bundle to go on from (`renewal`); without it the pretrained encoder is, by `cycles`."""
    layers: int = 8
    first_pass: Schedule = FIRST_PASS
    cycles: tuple[Cycle, ...] = CYCLES
    share: float = 1.0
    """Of the training split, for learning curves."""

    @property
    def asks(self) -> bool:
        """Whether any comment stands beside a question."""
        return self.surveys is not None and any(cycle.schedule.asked for cycle in self.cycles)


def one_cycle(epochs: int) -> tuple[Cycle]:
    """`epochs` passes over the whole training split, and no more."""
    return (Cycle(schedule=replace(ORDINARY.schedule, epochs=epochs)),)


def applicable(
    cycles: Sequence[Cycle], split: Sequence[Example], reread: Mapping[str, Sequence[Example]]
) -> tuple[Cycle, ...]:
    """The cycles that have any comments in this training split, or among those read again.

    Cycles over second labels go together or not at all: a mean of theirs reaches back to the first of them.
    """
    whole = all(reread.get(cycle.reread) for cycle in cycles if cycle.reread)
    return tuple(cycle for cycle in cycles if (whole if cycle.reread else drawn(split, cycle, 1.0)))


def drawn(split: Sequence[Example], cycle: Cycle, share: float) -> list[Example]:
    """The comments of a cycle, or a share of them; over all languages, by which a corpus is sorted.

    Where intents learn alone, only those that ask for something.
    """
    found = [
        example
        for example in split
        if (cycle.batches is None or example.batch in cycle.batches)
        and example.batch not in cycle.without
        and (example.request or not cycle.schedule.intents_alone)
    ]
    if share == 1.0:
        return found
    return random.Random(cycle.schedule.seed).sample(found, round(len(found) * share))


def rehearsable(
    split: Sequence[Example], cycle: Cycle, share: float, own: Sequence[Example] = ()
) -> list[Example]:
    """The comments that a cycle may draw from beside its `own`, or a share of them."""
    others = replace(cycle, batches=cycle.earlier)
    if cycle.earlier is None:
        others = replace(cycle, batches=None, without=cycle.batches or frozenset())
    taken = {example.id for example in own}
    return [example for example in drawn(split, others, share) if example.id not in taken]
