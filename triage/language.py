"""Which language a comment is in: what the model says, words, langdetect's profiles, script, origin.

The first three give log-probabilities, which are added with weights (the model's from pieces of words and
from letters, `models/predictor.py`), and the profiles speak once more for languages that are none of ours; a
foreign script decides outright, and the post's locale or country where the text leaves it open.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage import profiles, words
from triage.cached_array import Progress
from triage.countries import spoken_by, spoken_in
from triage.labels import LANGUAGES, UNDETERMINED
from triage.profiles import ProfileTable
from triage.settings import Settings
from triage.types import LanguageFinding
from triage.words import WordTable

CODES: Final = (*LANGUAGES, UNDETERMINED)
_PROFILE_CODES: Final = [{"no": "nb"}.get(code, code) for code in profiles.CODES]
"""langdetect's languages by our codes: its Norwegian is Bokmål."""
_OURS: Final = [_PROFILE_CODES.index(code) for code in LANGUAGES]
"""The profiles' columns of our languages, in their order."""
_OTHERS: Final = [column for column in range(len(_PROFILE_CODES)) if column not in _OURS]
"""The rest of the columns."""
_LONGEST: Final = 2_000
"""Characters read: more of a text does not change its language."""

MODEL_WEIGHT: Final = 0.9
WORD_WEIGHT: Final = 1.0
PROFILE_WEIGHT: Final = 0.05
"""How much of each one's evidence counts, chosen on dev and on comments that the model had not seen.

n-grams overlap and are far from independent.
"""
FOREIGN_WEIGHT: Final = 0.2
"""Of the profiles' lead for a language that is none of ours; they know 38, the model few comments in any.

Chosen on short answers, and comments in other languages, that the letters had not seen.
"""
FOREIGN_MOST: Final = 4.0
"""Nats that it brings `und` at most."""
LOCALE_BONUS: Final = 5.0
"""In nats, for the locale's language, of a text of up to SHORT words; half of it for `und`.

So the locale speaks against other languages, and less for a word of its own in what is none ("ok"). Chosen
on dev and on short answers that the model had not seen.
"""
COUNTRY_BONUS: Final = 3.0
"""The same for the language that most of a country speak, where a post has no locale: many speak another."""
SHORT: Final = 3
"""Words; each one more halves the bonus, for a sentence tells its language itself."""
LEAST: Final = 0.35
"""Below this nothing is claimed: `und`. One word is seldom surer, and its likeliest language mostly right."""
LEAST_BY_WORDS: Final = 0.5
"""The same where words alone decide in which language slips are looked for."""

Evidence = NDArray[np.float64]
"""(18,): log-probabilities in the order of CODES, up to a constant."""


def detect(
    text: str, model: Sequence[float], locale: str | None = None, country: str | None = None
) -> LanguageFinding:
    """The language of `text`, given the model's probabilities, one per code of CODES.

    `locale` (BCP 47) and `country` (ISO 3166-1 alpha-2, upper case) may be missing or wrong.
    """
    letters = [c for c in text[:_LONGEST] if c.isalpha()]
    if not letters or _foreign_script(letters):
        return LanguageFinding(code=UNDETERMINED, confidence=1.0)
    profile = profile_evidence(text)
    evidence = MODEL_WEIGHT * np.log(np.asarray(model) + 1e-6) + PROFILE_WEIGHT * profile
    evidence += WORD_WEIGHT * word_evidence(text)
    if CODES[int(evidence.argmax())] != "el":  # which the profiles do not know in Latin letters
        evidence[-1] += min(FOREIGN_MOST, FOREIGN_WEIGHT * max(0.0, profile[-1] - profile[:-1].max()))
    evidence += origin_evidence(text, locale, country)
    evidence -= evidence.max()
    probabilities = np.exp(evidence) / np.exp(evidence).sum()
    best = int(probabilities.argmax())
    confidence = float(probabilities[best])
    if confidence < LEAST:
        return LanguageFinding(code=UNDETERMINED, confidence=1.0 - confidence)
    return LanguageFinding(code=CODES[best], confidence=confidence)


def profile_evidence(text: str) -> Evidence:
    """What langdetect's profiles say of `text`; its other languages together are `und`."""
    total = _tables().profiles.score(text[:_LONGEST])
    evidence = np.append(total[_OURS], total[_OTHERS].max())
    return np.asarray(evidence - evidence.max())


def word_evidence(text: str) -> Evidence:
    """What the words of `text` say by how common they are in each language."""
    return _tables().words.evidence(text[:_LONGEST])


def likeliest_by_words(text: str) -> str:
    """The language that the words of `text` speak for, or `und` where no one is likelier than all others."""
    likely = np.exp(word_evidence(text))
    best = int(likely.argmax())
    return CODES[best] if likely[best] >= LEAST_BY_WORDS * likely.sum() else UNDETERMINED


def origin_evidence(text: str, locale: str | None, country: str | None) -> Evidence:
    """What a post's locale, or else its country, says of the language of a text of few words."""
    evidence = np.zeros(len(CODES))
    language, bonus = spoken_by(locale), LOCALE_BONUS
    if (locale or "").lower() in ("", UNDETERMINED):
        language, bonus = spoken_in(country), COUNTRY_BONUS
    if language:
        length = sum(any(map(str.isalpha, word)) for word in text[:_LONGEST].split())
        bonus /= 2 ** max(0, length - SHORT)
        evidence[CODES.index(language)], evidence[-1] = bonus, bonus / 2
    return evidence


def _foreign_script(letters: Sequence[str]) -> bool:
    ours = sum(_script(c) in ("LATIN", "GREEK", "CYRILLIC") for c in letters)
    return 2 * ours < len(letters)


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ")[0]


class _Tables(NamedTuple):
    words: WordTable
    profiles: ProfileTable


def warm_up(cache_dir: Path, progress: Progress) -> None:
    """Opens the tables in `cache_dir`, so that the first comment need not wait; builds what is missing."""
    global _opened
    _opened = _open(cache_dir, progress)


def _open(cache_dir: Path, progress: Progress = lambda _what, _share: None) -> _Tables:
    return _Tables(words.open_table(cache_dir, progress), profiles.open_table(cache_dir))


_opened: _Tables | None = None


def _tables() -> _Tables:
    global _opened
    _opened = _opened or _open(Settings().cache_dir)
    return _opened
