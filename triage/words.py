"""Which languages a word is written in, and how often: frequency lists as one small table on disk.

n-grams tell languages apart in sentences; an answer of one word ("jalnic", "prima") is
told by the word. The lists are those of the package `wordfreq` (Speer 2022: subtitles, web
text, encyclopaedias, news). To each word are added the ways it is typed without the right
keyboard: diacritics lost, Greek in Latin letters. A row of the table is one word in one
language, 8 bytes; they are sorted, and searched through a memory map.
"""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from triage.cached_array import Progress, open_array
from triage.labels import LANGUAGES
from triage.letters import CEDILLAS, without_diacritics, words_in

OTHERS: Final = ("bg", "ca", "fil", "id", "is", "lt", "lv", "mk", "ms", "sh", "sk", "sl", "tr", "uk", "vi")
"""Languages that are not ours and look like them; together they are `und`."""
RAREST: Final = 700
"""Centibels below certainty (wordfreq's unit, 100 cB = a factor of 10) down to which words are listed.

Of Danish, Hungarian, Romanian, Greek and most of OTHERS the package has words down to 600 only.
"""
UNKNOWN: Final = 850
"""Of a word that a list lacks."""
MISTYPED: Final = 50
"""Centibels by which the other spellings of a word are rarer than the word."""

_FILE: Final = "words-3.npy"
_COLUMNS: Final = len(LANGUAGES) + 1
_COLUMN: Final = 10
_WORD_BITS: Final = 15
"""A row in 64 bits: the word's hash, 5 bits of the language's column, 10 of centibels below certainty."""
_NATS: Final = np.log(10.0) / 100.0
_GREEK: Final = "αβγδεζηθικλμνξοπρστυφχψως"
_GREEKLISH: Final = tuple(
    str.maketrans(dict(zip(_GREEK, letters.split(), strict=True)))
    for letters in (
        "a v g d e z i th i k l m n ks o p r s t i f h ps o s",  # by sound
        "a v g d e z i th i k l m n x o p r s t y f x ps o s",
        "a b g d e z h 8 i k l m n ks o p r s t u f x ps w s",  # by looks
    )
)

Evidence = NDArray[np.float64]
"""(18,): log-probabilities of the languages, `und` last, up to a constant."""


class WordTable:
    """Word -> how often each language writes it."""

    def __init__(self, rows: NDArray[np.uint64]) -> None:
        self._rows = rows

    def evidence(self, text: str) -> Evidence:
        """What the words of `text` say of its language: naive Bayes."""
        total = np.zeros(_COLUMNS)
        for word in words_in(text):
            total += self._word(word)
        return np.asarray(total - total.max())

    @lru_cache(maxsize=50_000)  # noqa: B019 - lives as long as the process
    def _word(self, word: str) -> Evidence:
        levels = np.full(_COLUMNS, UNKNOWN)
        for spelling in {word, word.translate(CEDILLAS)}:
            row = _row(spelling)
            ends = np.array([row, row + (1 << _WORD_BITS)], dtype=np.uint64)
            first, end = np.searchsorted(self._rows, ends)
            for found in self._rows[first:end].tolist():
                column = (found - row) >> _COLUMN
                levels[column] = min(levels[column], found & ((1 << _COLUMN) - 1))
        return np.asarray(levels * -_NATS)


def open_table(folder: Path, progress: Progress = lambda _what, _share: None) -> WordTable:
    """The table in `folder`, made there first where it is missing or damaged (some seconds, once)."""
    return WordTable(open_array(folder / _FILE, lambda: _build(progress)))


def _build(progress: Progress) -> NDArray[np.uint64]:
    progress("Building the word lists", 0.0)
    rows = np.unique(np.fromiter(_rows(progress), dtype=np.uint64))
    _, commonest = np.unique(rows >> np.uint64(_COLUMN), return_index=True)
    progress("Building the word lists", 1.0)
    return rows[commonest]


def _rows(progress: Progress) -> Iterator[int]:
    """A row for every spelling of every word in every language; some differ in their level only."""
    from wordfreq import get_frequency_list  # a third of a second to import, needed once

    codes = (*LANGUAGES, *OTHERS)
    for number, code in enumerate(codes):
        column = min(number, len(LANGUAGES)) << _COLUMN
        for level, words in enumerate(get_frequency_list(code, "best")[: RAREST + 1]):
            for word in words:
                yield _row(word) + column + level
                yield from (_row(other) + column + level + MISTYPED for other in spellings(word, code))
        progress("Building the word lists", (number + 1) / (len(codes) + 1))


def _row(word: str) -> int:
    """49 bits of the word's hash, column and level 0."""
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest()) >> _WORD_BITS << _WORD_BITS


def spellings(word: str, language: str) -> set[str]:
    """How else the word is typed: `żółty` -> `zolty`, `είναι` -> `einai`."""
    plain = without_diacritics(word)
    found = {plain}
    if language == "el":
        found |= {plain.replace("ου", "ou").translate(table) for table in _GREEKLISH}
    return found - {word}
