"""Which language a comment is in: the model's language head, words, langdetect's profiles, script, locale.

langdetect draws n-grams at random and walks 55 lists for each, about 3 ms a text. Its
model is naive Bayes over n-gram profiles (Nakatani 2010), whose posterior needs no
sampling: it is a sum over words, each word's share computed once and remembered. That
is exact, deterministic and many times faster (`make bench` measures it).
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

from triage import words
from triage.cached_array import Progress
from triage.labels import LANGUAGES, UNDETERMINED
from triage.settings import Settings
from triage.types import LanguageFinding

CODES: Final = (*LANGUAGES, UNDETERMINED)
_NORWEGIAN: Final = {"no": "nb"}
_SMOOTHING: Final = 0.5 / 10_000
"""langdetect's own alpha over its base frequency."""
_LONGEST: Final = 2_000
"""Characters read: more of a text does not change its language."""

MODEL_WEIGHT: Final = 0.9
WORD_WEIGHT: Final = 1.0
PROFILE_WEIGHT: Final = 0.05
"""How much of each one's evidence counts, chosen on dev and on comments that the model had not seen.

n-grams overlap and are far from independent.
"""
LOCALE_BONUS: Final = 1.0
"""In nats: worth a letter or two of evidence, so that it decides `ok`, and never a sentence."""
LEAST: Final = 0.35
"""Below this nothing is claimed: `und`. One word is seldom surer, and its likeliest language mostly right."""
LEAST_BY_WORDS: Final = 0.5
"""The same where words alone decide in which language slips are looked for."""

Evidence = NDArray[np.float64]
"""(18,): log-probabilities in the order of CODES, up to a constant."""


def detect(text: str, model: Sequence[float], locale: str | None = None) -> LanguageFinding:
    """The language of `text`, given the model's probabilities, one per code of CODES."""
    letters = [c for c in text[:_LONGEST] if c.isalpha()]
    if not letters or _foreign_script(letters):
        return LanguageFinding(code=UNDETERMINED, confidence=1.0)
    evidence = MODEL_WEIGHT * np.log(np.asarray(model) + 1e-6) + PROFILE_WEIGHT * profile_evidence(text)
    evidence += WORD_WEIGHT * word_evidence(text) + _locale_evidence(locale)
    evidence -= evidence.max()
    probabilities = np.exp(evidence) / np.exp(evidence).sum()
    best = int(probabilities.argmax())
    confidence = float(probabilities[best])
    if confidence < LEAST:
        return LanguageFinding(code=UNDETERMINED, confidence=1.0 - confidence)
    return LanguageFinding(code=CODES[best], confidence=confidence)


def profile_evidence(text: str) -> Evidence:
    """What langdetect's profiles say of `text`; its other languages together are `und`."""
    total = _profiles().score(text[:_LONGEST])
    known, others = _profiles().columns
    evidence = np.append(total[known], total[others].max())
    return np.asarray(evidence - evidence.max())


def word_evidence(text: str) -> Evidence:
    """What the words of `text` say by how common they are in each language."""
    return _word_table().evidence(text[:_LONGEST])


def likeliest_by_words(text: str) -> str:
    """The language that the words of `text` speak for, or `und` where no one is likelier than all others."""
    likely = np.exp(word_evidence(text))
    best = int(likely.argmax())
    return CODES[best] if likely[best] >= LEAST_BY_WORDS * likely.sum() else UNDETERMINED


def _locale_evidence(locale: str | None) -> Evidence:
    evidence = np.zeros(len(CODES))
    code = (locale or "").replace("_", "-").split("-")[0].lower()
    code = {"no": "nb", "nn": "nb"}.get(code, code)
    if code in LANGUAGES:
        evidence[CODES.index(code)] = LOCALE_BONUS
    return evidence


def _foreign_script(letters: Sequence[str]) -> bool:
    ours = sum(_script(c) in ("LATIN", "GREEK", "CYRILLIC") for c in letters)
    return 2 * ours < len(letters)


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ")[0]


class _Profiles:
    """langdetect's 55 profiles as one table of log-probabilities, a row for each n-gram."""

    def __init__(self) -> None:
        factory = DetectorFactory()
        factory.load_profile(PROFILES_DIRECTORY)
        codes = [_NORWEGIAN.get(code, code) for code in factory.langlist]
        self._rows = {gram: row for row, gram in enumerate(factory.word_lang_prob_map)}
        table = np.array(list(factory.word_lang_prob_map.values()), dtype=np.float32)
        self._table = np.log(table + _SMOOTHING)
        known = [codes.index(code) for code in LANGUAGES]
        self.columns = known, [i for i in range(len(codes)) if i not in known]

    def score(self, text: str) -> NDArray[np.float32]:
        """The log-likelihood of `text` in each profile."""
        total = np.zeros(self._table.shape[1], dtype=np.float32)
        for word in "".join(map(_normalise, text)).split():
            total += self._word(word.lower() if word.isupper() else word)
        return total

    @lru_cache(maxsize=50_000)  # noqa: B019 - lives as long as the process
    def _word(self, word: str) -> NDArray[np.float32]:
        rows = [self._rows[gram] for gram in _grams(f" {word} ") if gram in self._rows]
        return np.asarray(self._table[rows].sum(axis=0))


@cache
def _profiles() -> _Profiles:
    return _Profiles()


@lru_cache(maxsize=4096)
def _normalise(character: str) -> str:
    return str(NGram.normalize(character))


def _grams(padded: str) -> Iterable[str]:
    """The 1-, 2- and 3-grams that langdetect takes from a word between spaces."""
    for end in range(2, len(padded) + 1):
        for size in (1, 2, 3):
            gram = padded[max(0, end - size) : end]
            if len(gram) == size and gram.strip():
                yield gram


def warm_up(cache_dir: Path, progress: Progress) -> None:
    """Loads what is loaded once, about half a second, so that the first comment need not wait.

    The word table is kept in `cache_dir`, and built there in some seconds the first time.
    """
    global _opened
    _opened = words.open_table(cache_dir, progress)
    _profiles()


_opened: words.WordTable | None = None


def _word_table() -> words.WordTable:
    global _opened
    _opened = _opened or words.open_table(Settings().cache_dir)
    return _opened
