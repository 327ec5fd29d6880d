"""Which words a language has: is this one spelt right, and if not, which common word is one slip away?

The words are those of the package `wordfreq` (Speer 2022). Two tables on disk, read through
memory maps: of two million words how common they are, and of those with diacritics what they
look like without. A word is found by its hash, taken of many words at once.
"""

import re
import string
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from triage.cached_array import Progress, open_array
from triage.labels import LANGUAGES
from triage.letters import CEDILLAS, without_diacritics

COMMON: Final = 600
"""Centibels below certainty (wordfreq's unit) down to which a word may be what a misspelt one meant."""
KNOWN: Final = 700
"""Down to which a word counts as spelt right."""
SHORTEST: Final = 5
"""Letters: shorter words have too many neighbours to tell which was meant."""
LONGEST: Final = 24
"""Letters; longer ones are left alone."""

_LATIN: Final = string.ascii_lowercase
_LETTERS: Final[dict[str, str]] = {
    "en": _LATIN, "it": _LATIN + "àèéìòù", "fr": _LATIN + "àâçèéêëîïôùûü", "de": _LATIN + "äöü",
    "es": _LATIN + "áéíñóúü", "pt": _LATIN + "àáâãçéêíóôõú", "nl": _LATIN + "éëï", "pl": _LATIN + "ąćęłńóśźż",
    "cs": _LATIN + "áčďéěíňóřšťúůýž", "hu": _LATIN + "áéíóöőúüű", "ro": _LATIN + "ăâîșț",
    "el": "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊ", "sv": _LATIN + "äåö", "da": _LATIN + "åæø",
    "fi": _LATIN + "äåö", "nb": _LATIN + "åæø", "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
}  # fmt: skip
"""What a missing letter may have been."""
_AS_LISTED: Final = CEDILLAS | str.maketrans({"ς": "σ", "ß": "ss"})
"""The lists' spelling: Romanian letters, one sigma, and Swiss double s."""

_FINAL_SIGMA: Final = re.compile("σ$")
_KNOWN_FILE: Final = "lexicon-known-2.npy"
_ACCENTS_FILE: Final = "lexicon-accents-2.npy"
"""Their numbers rise when what is written changes: KNOWN, LONGEST, the hash, `without_diacritics`."""
_LEVEL: Final = np.uint64(10)
"""Bits of a row below the word's hash: its centibels."""
_ABSENT: Final = 1 << 10
_ACCENTED: Final = np.dtype([("row", np.uint64), ("word", "S48")])

_WIDTH: Final = LONGEST + 1
_POWERS: Final[NDArray[np.uint64]] = np.cumprod(
    np.full(_WIDTH, 0x9E3779B97F4A7C15, dtype=np.uint64), dtype=np.uint64
)
_SALTS: Final[dict[str, np.uint64]] = {
    language: np.uint64(number + 1 << 40) for number, language in enumerate(LANGUAGES)
}
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)


class Lexicon:
    """The words of our languages."""

    def __init__(self, known: NDArray[np.uint64], accents: NDArray[np.void]) -> None:
        self._known = known
        self._plain, self._accented = accents["row"], accents["word"]

    @lru_cache(maxsize=50_000)  # noqa: B019 - lives as long as the process
    def accented(self, word: str, language: str) -> str | None:
        """How a lower-case word without diacritics is mostly written, if with some: `prosim` -> `prosím`."""
        listed = word.translate(_AS_LISTED)
        if len(listed) < 2 or len(listed) > LONGEST:  # of one letter (`a`, `à`) both are words
            return None
        row = _rows([listed], language)[0]
        at = int(np.searchsorted(self._plain, row))
        if at == len(self._plain) or self._plain[at] != row:
            return None
        return _FINAL_SIGMA.sub("ς", bytes(self._accented[at]).decode())

    @lru_cache(maxsize=50_000)  # noqa: B019 - lives as long as the process
    def corrected(self, word: str, language: str) -> str | None:
        """The common word that a misspelt lower-case one probably is; None where it is right, or a riddle."""
        listed = word.translate(_AS_LISTED)
        if not SHORTEST <= len(listed) <= LONGEST or self._levels([listed], language)[0] <= KNOWN:
            return None
        return self.accented(word, language) or self._neighbour(listed, language)

    def _neighbour(self, word: str, language: str) -> str | None:
        candidates = list(one_slip_away(word, _LETTERS[language]))
        levels = self._levels(candidates, language)
        best = int(levels.argmin())
        return _FINAL_SIGMA.sub("ς", candidates[best]) if levels[best] <= COMMON else None

    def _levels(self, words: Sequence[str], language: str) -> NDArray[np.int64]:
        rows = _rows(words, language)
        at = np.minimum(np.searchsorted(self._known, rows), len(self._known) - 1)
        found = self._known[at]
        return np.where(found >> _LEVEL == rows >> _LEVEL, found - rows, _ABSENT).astype(np.int64)


def one_slip_away(word: str, letters: str) -> Iterator[str]:
    """What was meant if two letters were swapped, one typed too much or one left out.

    The first is seldom wrong, and another end is more often another form of the word than a slip.
    """
    for at in range(1, len(word)):
        if at + 1 < len(word):
            yield word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
            yield word[:at] + word[at + 1 :]
        yield from (word[:at] + letter + word[at:] for letter in letters)


def open_lexicon(folder: Path, progress: Progress = lambda _what, _share: None) -> Lexicon:
    """The lexicon in `folder`, made there first where it is missing or damaged (some seconds, once)."""
    return Lexicon(
        open_array(folder / _KNOWN_FILE, lambda: _build_known(progress)),
        open_array(folder / _ACCENTS_FILE, _build_accents),
    )


def _build_known(progress: Progress) -> NDArray[np.uint64]:
    rows = []
    for number, language in enumerate(LANGUAGES):
        progress("Building the lexicon", number / len(LANGUAGES))
        for level, words in enumerate(_by_frequency(language, "best")[: KNOWN + 1]):
            rows.append(_rows(words, language) + np.uint64(level))
    progress("Building the lexicon", 1.0)
    return np.sort(np.concatenate(rows))


def _build_accents() -> NDArray[np.void]:
    """Of words alike without diacritics the commonest; only where that one has some."""
    commonest: dict[int, str] = {}
    for language in LANGUAGES:
        for words in _by_frequency(language, "small"):
            plain = [without_diacritics(word) for word in words]
            for row, word in zip(_rows(plain, language).tolist(), words, strict=True):
                commonest.setdefault(row, word)
    accented = [(row, w.encode()) for row, w in sorted(commonest.items()) if w != without_diacritics(w)]
    return np.array(accented, dtype=_ACCENTED)


def _by_frequency(language: str, size: str) -> list[list[str]]:
    """Words by level, those of full length only."""
    from wordfreq import get_frequency_list  # a third of a second to import, needed once

    return [[word for word in words if len(word) <= LONGEST] for words in get_frequency_list(language, size)]


def _rows(words: Sequence[str], language: str) -> NDArray[np.uint64]:
    """Polynomial hashes of words of at most `_WIDTH` letters; the bits for the level are 0."""
    letters = np.array(words, dtype=f"U{_WIDTH}").view(np.uint32).reshape(len(words), _WIDTH)
    hashes: NDArray[np.uint64] = (letters.astype(np.uint64) @ _POWERS + _SALTS[language]) * _MIX
    return np.asarray(hashes >> _LEVEL << _LEVEL)
