"""How well a comment's language is told by what else is known of its post: nothing, a locale, a country."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from babel.core import get_global

from training.dataset import Example
from training.evaluate import Judged
from triage.labels import LANGUAGES, UNDETERMINED
from triage.language import SHORT, detect

Origin = tuple[str | None, str | None]
"""Locale and country."""
Origins = Callable[[str], Sequence[Origin]]
"""The language of a comment -> where its post may be from."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """Share of comments whose language is found, 0 to 1; nan where there are none."""

    short: float
    """Of one to three words; a mean over languages."""
    long: float
    """Of more; a mean over languages."""
    none: float
    """Of those in another language, or in none."""


def measure(judged: Sequence[Judged]) -> dict[str, Told]:
    """What is known of the post -> how it went."""
    return {
        "nothing": _told(judged, lambda _: [(None, None)]),
        "the locale, which is right": _told(judged, lambda code: [(code, None)] if code in LANGUAGES else []),
        "the country, where most speak it": _told(judged, _home),
        "a wrong locale, mean over the others": _told(judged, _others),
        "a wrong locale, whichever misleads": _told(judged, _others, worst=True),
    }


def _told(judged: Sequence[Judged], origins: Origins, worst: bool = False) -> Told:
    """Over all origins that a post may have: their mean, or right only where it is with every one."""
    right: dict[tuple[str, str], list[float]] = {}
    for one in judged:
        gold, prediction = one.gold, one.prediction
        if gold.lang is None or prediction is None:
            continue
        found = [detect(gold.text, prediction.language, *origin).code for origin in origins(gold.lang)]
        hits = [code == gold.lang for code in found]
        if hits:
            right.setdefault((_kind(gold), gold.lang), []).append(float(min(hits)) if worst else mean(hits))
    return Told(
        **{kind: _mean(v for k, v in right.items() if k[0] == kind) for kind in ("short", "long", "none")}
    )


def _kind(gold: Example) -> str:
    """Where it is counted, by the names of `Told`."""
    if gold.lang == UNDETERMINED:
        return "none"
    return "short" if len(gold.text.split()) <= SHORT else "long"


def _mean(languages: Iterable[Sequence[float]]) -> float:
    means = [mean(shares) for shares in languages]
    return mean(means) if means else math.nan


def _others(code: str) -> list[Origin]:
    """The locales of all other languages."""
    return [(other, None) for other in LANGUAGES if other != code]


def _home(code: str) -> list[Origin]:
    """The country that CLDR thinks of first where nothing but the language is known."""
    if code not in LANGUAGES:
        return []
    return [(None, str(get_global("likely_subtags")[code]).rpartition("_")[2])]
