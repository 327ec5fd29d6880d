"""How well a comment's language is told by what else is known of its post: nothing, a locale, a country."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import mean

from babel.core import get_global

from training.evaluate import Judged
from training.metrics import average, by_language
from triage.labels import LANGUAGES, UNDETERMINED
from triage.language import detect

Origin = tuple[str | None, str | None]
"""Locale and country."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """Share of comments whose language is found, 0 to 1; means over languages."""

    short: float
    """Of one to three words."""
    long: float


def measure(judged: Sequence[Judged]) -> dict[str, Told]:
    """What is known of the post -> how it went; comments of no language are left out."""
    known = [one for one in judged if one.gold.language != UNDETERMINED and one.prediction]
    wrong = [_told(known, partial(_misled, places=(by,))) for by in range(1, len(LANGUAGES))]
    return {
        "nothing": _told(known, lambda _: [(None, None)]),
        "the locale, which is right": _told(known, lambda code: [(code, None)]),
        "the country, where most speak it": _told(known, lambda code: [(None, _home(code))]),
        "a wrong locale, each of the others in turn": Told(
            short=mean(one.short for one in wrong), long=mean(one.long for one in wrong)
        ),
        "a wrong locale, the one that misleads": _told(
            known, partial(_misled, places=range(1, len(LANGUAGES)))
        ),
    }


def _told(known: Sequence[Judged], origins: Callable[[str], list[Origin]]) -> Told:
    """A comment counts where its language is found whichever of the origins its post has."""
    pairs = []
    for one in known:
        assert one.prediction
        found = [
            detect(one.gold.text, one.prediction.language, *origin).code
            for origin in origins(one.gold.language)
        ]
        worst = next((code for code in found if code != one.gold.lang), one.gold.lang)
        pairs.append((one.gold, replace(one.found, lang=worst)))
    scores = by_language(pairs)
    return Told(short=average(scores, "language_short"), long=average(scores, "language_long"))


def _misled(code: str, places: Iterable[int]) -> list[Origin]:
    """The locales of the languages so many places further on."""
    return [(LANGUAGES[(LANGUAGES.index(code) + by) % len(LANGUAGES)], None) for by in places]


def _home(code: str) -> str:
    """The country that CLDR thinks of first where nothing but the language is known."""
    return str(get_global("likely_subtags")[code]).rpartition("_")[2]
