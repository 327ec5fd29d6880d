"""Sentence boundaries, by spaCy's rule-based sentencizer over its language-neutral tokenizer.

The pipelines of single languages know more abbreviations, but French alone takes 3 s to
load, and a request is cut out by the model's own marks; sentences only tidy its edges.
"""

from functools import cache
from typing import TYPE_CHECKING

from triage.types import Segment

if TYPE_CHECKING:
    from spacy.language import Language


@cache
def _pipeline() -> "Language":
    import spacy  # takes a second: not before it is needed

    pipeline = spacy.blank("xx")
    pipeline.add_pipe("sentencizer")
    return pipeline


def segment(text: str) -> list[Segment]:
    """The sentences of `text` in order, without white space around them; a line break ends one too."""
    found = []
    for start, line in _lines(text):
        for sentence in _pipeline()(line).sents:
            stripped = sentence.text.strip()
            if stripped:
                at = start + sentence.start_char + sentence.text.index(stripped)
                found.append(Segment(start=at, end=at + len(stripped)))
    return found


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.splitlines(keepends=True):
        lines.append((start, line))
        start += len(line)
    return lines
