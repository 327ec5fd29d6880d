"""Sentence boundaries, by spaCy's rule-based sentencizer over its language-neutral tokenizer.

The pipelines of single languages know more abbreviations, but French alone takes 3 s to
load, and little hangs on a boundary: a request is cut out by the model's own marks, whose edges
sentences tidy, and a comment read a second time only turns at one.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Any, Final, cast

from triage.types import Segment

if TYPE_CHECKING:
    from spacy.language import Language


ENDS: Final = ".!?…;。！？"
"""The marks that end a sentence; `;` asks in Greek."""
_OPENING: Final = "¿¡«“„‘(["
"""Marks that the sentencizer leaves with the sentence before them."""
_NUMBER: Final = re.compile(r"(?<!\w)\w\.$")
"""What `1.` and `z.` of `z. B.` end is no sentence."""
_MOST_WORDS: Final = 100_000
"""spaCy remembers every word it meets, order numbers too: 0.7 kB each. Then it begins anew."""
_MARKS: Final = re.compile(r"(?<=[\W_]{8})(?!\s)[\W_]")
"""All but the first of many marks in a row: the tokenizer's time grows with their square."""


def _pipeline() -> "Language":
    if len(_made().vocab) > _MOST_WORDS:
        _made.cache_clear()
    return _made()


@cache
def _made() -> "Language":
    with _torch_hidden():
        import spacy  # takes half a second: not before it is needed

    pipeline = spacy.blank("xx")
    pipeline.add_pipe("sentencizer", config={"punct_chars": list(ENDS)})
    return pipeline


@contextmanager
def _torch_hidden() -> Iterator[None]:
    """Keep an import from importing torch too.

    thinc, on which spaCy stands, takes torch in wherever it is installed: 180 MB and a
    second of the start, for networks that a sentencizer has none of.
    """
    if "torch" in sys.modules:
        yield
        return
    cast(dict[str, Any], sys.modules)["torch"] = None
    try:
        yield
    finally:
        del sys.modules["torch"]


def segment(text: str) -> list[Segment]:
    """The sentences of `text` in order, without white space around them.

    A line break ends one too, but not before a smiley alone or after a number.
    """
    found: list[Segment] = []
    for start, line in _lines(text):
        cuts = [_begins(line, sent.start_char) for sent in _pipeline()(_MARKS.sub(" ", line)).sents]
        for begin, end in pairwise([*cuts, len(line)]):
            if stripped := line[begin:end].strip():
                at = start + line.index(stripped, begin)
                piece = Segment(start=at, end=at + len(stripped))
                if found and _goes_on(text[found[-1].start : found[-1].end][-3:], stripped):
                    piece = replace(piece, start=found.pop().start)
                found.append(piece)
    return found


def is_ended(sentence: str) -> bool:
    """Whether a mark ends it, be it before a smiley; without one it would melt into what follows."""
    return any(mark in ENDS for mark in takewhile(lambda c: not c.isalnum(), reversed(sentence)))


def _begins(line: str, cut: int) -> int:
    return len(line[:cut].rstrip().rstrip(_OPENING))


def _goes_on(before: str, after: str) -> bool:
    """Whether `after` is the rest of what ends in `before`: a smiley, or what follows `no.` or `1.`."""
    first = next((c for c in after if c.isalnum()), "")
    return not first or (before.endswith(".") and (first.isdigit() or bool(_NUMBER.search(before))))


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.splitlines(keepends=True):
        lines.append((start, line))
        start += len(line)
    return lines
