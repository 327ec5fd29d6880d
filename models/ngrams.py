"""What the letters of a comment say of its language: a linear model over hashed character n-grams.

The encoder's pieces tell languages apart in sentences; in an answer of one word, seldom seen whole, its
endings and clusters of letters do ("bindningstid" is Swedish). One to five letters in a row, words' borders
among them, and longer words whole, each hashed to a row of one small table (Weinberger et al. 2009;
fastText, Joulin et al. 2017, has a layer between).
"""

from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from triage.errors import ConfigurationError
from triage.labels import LANGUAGES
from triage.letters import words_in

BITS: Final = 18
"""The table has 2 ** BITS rows."""
COLUMNS: Final = len(LANGUAGES) + 1
"""Of the table: a language each, `und` last."""
_REMEDY: Final = "put back the released model, or train the model again"
_ORDERS: Final = 5
_LONGEST: Final = 200
"""Characters read: more of a text does not change its language."""
_FACTOR: Final = 0x9E3779B97F4A7C15
"""2 ** 64 by the golden ratio: the product's high bits depend on all of what is hashed (Knuth 1973)."""
_SHIFT: Final = 64 - BITS
"""From a hash to its highest bits, a row's number."""


def rows(text: str) -> NDArray[np.int64]:
    """The rows of n-grams and longer words of `text`, as often as they stand there; none without a letter."""
    words = words_in(text[:_LONGEST])
    if not words:
        return np.zeros(0, dtype=np.int64)
    codes = np.frombuffer(f" {' '.join(words)} ".encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    hashes = np.zeros(len(codes) + 1, dtype=np.uint64)
    found = [np.array([_whole(word) for word in words if len(word) + 2 > _ORDERS], dtype=np.uint64)]
    for order in range(min(_ORDERS, len(codes))):
        hashes = (hashes[:-1] + codes[order:]) * np.uint64(_FACTOR)
        found.append(hashes >> np.uint64(_SHIFT))
    return np.concatenate(found).astype(np.int64)


def _whole(word: str) -> int:
    """The row of the word between its borders."""
    found = 0
    for letter in f" {word} ":
        found = (found + ord(letter)) * _FACTOR & (1 << 64) - 1
    return found >> _SHIFT


class NGrams:
    """The fitted table: (2 ** BITS, 18) weights in 8 bits with a scale for each language, `und` last."""

    def __init__(self, table: NDArray[np.int8], scales: NDArray[np.float32]) -> None:
        self._table, self._scales = table, scales

    @classmethod
    def rounded(cls, weights: NDArray[np.float32]) -> Self:
        """From weights as they were fitted."""
        scales = np.maximum(np.abs(weights).max(axis=0), 1e-12) / 127.0
        return cls(np.rint(weights / scales).astype(np.int8), scales.astype(np.float32))

    @classmethod
    def load(cls, path: Path) -> Self:
        """As `save` wrote it. Raises ConfigurationError where the file is missing or damaged."""
        try:
            stored = load_file(path)
            table, scales = stored["table"], stored["scales"]
        except (OSError, SafetensorError, KeyError) as error:
            raise ConfigurationError(f"{path} cannot be read ({error}): {_REMEDY}") from error
        fits = (table.shape, scales.shape) == ((2**BITS, COLUMNS), (COLUMNS,)) and table.dtype == np.int8
        if not fits or not np.isfinite(scales).all():
            raise ConfigurationError(f"{path} is not the table that this version reads: {_REMEDY}")
        return cls(table, scales)

    def save(self, path: Path) -> None:
        """Writes 18 bytes a row."""
        save_file({"table": self._table, "scales": self._scales}, path)

    def log_probabilities(self, text: str) -> NDArray[np.float64]:
        """(18,): of each language; all alike where there is no letter.

        A sum over n-grams by the root of their number: more letters are surer, but they overlap.
        """
        found = rows(text)
        logits = (
            self._table[found].sum(axis=0) * self._scales.astype(np.float64) / max(1.0, len(found) ** 0.5)
        )
        return np.asarray(logits - np.logaddexp.reduce(logits))
