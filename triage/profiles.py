"""langdetect's n-gram profiles read exactly, as one table on disk.

langdetect draws n-grams at random and walks 55 lists for each, about 2 ms a text. Its
model is naive Bayes over n-gram profiles (Nakatani 2010), whose posterior needs no
sampling: it is a sum over words, each word's share computed once and remembered. That
is exact, deterministic and many times faster (`make bench` measures it).
"""

import os
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

from triage.cached_array import open_array

CODES: Final = tuple(sorted(name for name in os.listdir(PROFILES_DIRECTORY) if not name.startswith(".")))
"""langdetect's languages, one for each column of the table."""
_FILE: Final = f"profiles-{version('langdetect')}.npy"
_SMOOTHING: Final = 0.5 / 10_000
"""langdetect's own alpha over its base frequency."""
_ROW: Final = np.dtype([("gram", "U3"), ("scores", np.float32, len(CODES))])


class ProfileTable:
    """n-gram -> its log-probability in each of langdetect's languages."""

    def __init__(self, rows: NDArray[Any]) -> None:
        self._rows = {gram: row for row, gram in enumerate(rows["gram"].tolist())}
        self._scores = rows["scores"]

    def score(self, text: str) -> NDArray[np.float32]:
        """(55,): the log-likelihood of `text` in each of CODES."""
        total = np.zeros(len(CODES), dtype=np.float32)
        for word in "".join(map(_normalise, text)).split():
            total += self._word(word.lower() if word.isupper() else word)
        return total

    @lru_cache(maxsize=50_000)  # noqa: B019 - lives as long as the process
    def _word(self, word: str) -> NDArray[np.float32]:
        rows = [self._rows[gram] for gram in _grams(f" {word} ") if gram in self._rows]
        return np.asarray(self._scores[rows].sum(axis=0))


def open_table(folder: Path) -> ProfileTable:
    """The table in `folder`, made there first where it is missing or damaged (half a second, once)."""
    return ProfileTable(open_array(folder / _FILE, _build))


def _build() -> NDArray[Any]:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    probabilities = np.array(list(factory.word_lang_prob_map.values()), dtype=np.float32)
    table = np.empty(len(probabilities), dtype=_ROW)
    table["gram"] = list(factory.word_lang_prob_map)
    table["scores"] = np.log(probabilities[:, [factory.langlist.index(code) for code in CODES]] + _SMOOTHING)
    return table


@lru_cache(maxsize=4096)
def _normalise(character: str) -> str:
    return str(NGram.normalize(character))


def _grams(padded: str) -> Iterator[str]:
    """The 1-, 2- and 3-grams that langdetect takes from a word between spaces."""
    for end in range(2, len(padded) + 1):
        for size in (1, 2, 3):
            gram = padded[max(0, end - size) : end]
            if len(gram) == size and gram.strip():
                yield gram
