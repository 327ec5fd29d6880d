"""Sentence boundaries, by spaCy's rule-based sentencizer over its language-neutral tokenizer.

The pipelines of single languages know more abbreviations, but French alone takes 3 s to
load, and a request is cut out by the model's own marks; sentences only tidy its edges.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from triage.types import Segment

if TYPE_CHECKING:
    from spacy.language import Language


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
    pipeline.add_pipe("sentencizer")
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
    """The sentences of `text` in order, without white space around them; a line break ends one too."""
    found = []
    for start, line in _lines(text):
        for sentence in _pipeline()(_MARKS.sub(" ", line)).sents:
            whole = line[sentence.start_char : sentence.end_char]
            if stripped := whole.strip():
                at = start + sentence.start_char + whole.index(stripped)
                found.append(Segment(start=at, end=at + len(stripped)))
    return found


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.splitlines(keepends=True):
        lines.append((start, line))
        start += len(line)
    return lines
