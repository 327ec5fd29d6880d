"""What the model is given instead of a comment typed in haste: its slips of the keyboard read over.

A network of subword pieces takes `prosim` and `prosím`, `recieved` and `received` for
different words. Diacritics that a whole comment lacks are put back, and words that their language
does not have become the common word one slip away. Only the model reads the result: what
is found, stored and shown keeps the customer's own letters.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from triage.cached_array import Progress
from triage.labels import UNDETERMINED
from triage.language import likeliest_by_words
from triage.letters import lower, without_diacritics
from triage.lexicon import LONGEST, Lexicon, open_lexicon
from triage.settings import Settings
from triage.types import Prediction

_HIDDEN: Final = r"\u00ad\u200b-\u200d"
"""Soft hyphens and joiners: what stands beside them is a part of a word."""
_WORDS: Final = re.compile(rf"(?<![\w{_HIDDEN}])([^\W\d_]++)(?![\w{_HIDDEN}])")
"""Splits a text so that every other part is a word; order codes (`AB12`) are none."""


@dataclass(frozen=True, slots=True)
class Spelt:
    """A text as it was probably meant."""

    text: str
    origins: Sequence[int]
    """Of each of its characters, and of its end, the offset in the text as typed."""

    def as_typed(self, prediction: Prediction) -> Prediction:
        """What the model said of `text`, with offsets in the text as typed."""
        return replace(
            prediction,
            tokens=tuple(
                replace(token, start=self.origins[token.start], end=self.origins[token.end])
                for token in prediction.tokens
            ),
        )


def spelt(text: str) -> Spelt:
    """`text` in lower case; where its language is one of ours, with its slips read over.

    Text whose diacritics are characters of their own (NFD, from some clipboards) keeps its slips.
    """
    typed = lower(text)
    language = likeliest_by_words(typed)
    if language == UNDETERMINED or not unicodedata.is_normalized("NFC", typed):
        return Spelt(typed, range(len(typed) + 1))
    bare = without_diacritics(typed) == typed
    parts: list[str] = []
    origins: list[int] = []
    start = 0
    for number, part in enumerate(_WORDS.split(typed)):
        meant = _meant(part, language, bare) if number % 2 else part
        parts.append(meant)
        origins += [start + min(at, len(part) - 1) for at in range(len(meant))]
        start += len(part)
    return Spelt("".join(parts), [*origins, start])


def _meant(word: str, language: str, bare: bool) -> str:
    if len(word) > LONGEST:
        return word
    lexicon = _lexicon()
    return (bare and lexicon.accented(word, language)) or lexicon.corrected(word, language) or word


def warm_up(cache_dir: Path, progress: Progress) -> None:
    """Opens the lexicon in `cache_dir`, and builds it there in some seconds the first time."""
    global _opened
    _opened = open_lexicon(cache_dir, progress)


_opened: Lexicon | None = None


def _lexicon() -> Lexicon:
    global _opened
    _opened = _opened or open_lexicon(Settings().cache_dir)
    return _opened
