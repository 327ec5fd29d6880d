"""From a comment to the encoder's input, the same in training and in serving; no torch here.

    <s> COMMENT </s>                  or, where the survey's question is known,
    <s> COMMENT </s> </s> QUESTION </s>

The pretrained encoder's own prefix is left out: a fine-tuned network learns to do without,
and three pieces of thirty cost a tenth of the time. A comment longer than a window is read in
overlapping windows; the heads look at the comment's pieces only, the question is context. All of
it is read in lower case: capitals fall apart into single letters in the vocabulary, and customers
who shout, dictate or type on a phone mean the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from triage.letters import lower

WINDOW: Final = 256
"""Pieces of the comment in one window; 1 % of survey comments are longer."""
OVERLAP: Final = 32
QUESTION_PIECES: Final = 32
"""Of a longer question its end, where the question mark is."""
LEAD: Final = 1
"""Where the comment starts: after `<s>`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A piece of one comment, ready for the encoder."""

    text: int
    """Which of the texts it comes from."""
    ids: list[int]
    spans: list[tuple[int, int]]
    """Offsets in the comment of each of its pieces, which are `ids[LEAD:LEAD + len(spans)]`."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Windows padded to one length T: three (B, T) arrays of int64."""

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    comment_mask: NDArray[np.int64]


class TextEncoder:
    """Cuts comments into windows of piece ids. Thread-safe."""

    def __init__(self, tokenizer: Tokenizer, prefix: str = "") -> None:
        self._tokenizer = tokenizer
        vocabulary = tokenizer.get_vocab()
        self._bos, self._eos = vocabulary["<s>"], vocabulary["</s>"]
        self.mask = vocabulary["<mask>"]
        """Hides a piece, in training only."""
        self._unknown = vocabulary["<unk>"]
        self._special = frozenset({self._bos, self._eos, self.mask, vocabulary["<pad>"]})
        self._prefix = tokenizer.encode(prefix, add_special_tokens=False).ids

    def windows(self, texts: Sequence[str], questions: Sequence[str | None] | None = None) -> list[Window]:
        """Every window of every text, in order."""
        encodings = self._tokenizer.encode_batch([lower(text) for text in texts], add_special_tokens=False)
        asked = questions or [None] * len(texts)
        context = {question: self._question(question) for question in set(asked)}
        return [
            Window(
                text=index,
                ids=[
                    self._bos,
                    *self._prefix,
                    *self._words(encoding.ids[cut]),
                    self._eos,
                    *context[question],
                ],
                spans=encoding.offsets[cut],
            )
            for index, (encoding, question) in enumerate(zip(encodings, asked, strict=True))
            for cut in cuts(len(encoding.ids))
        ]

    def _question(self, question: str | None) -> list[int]:
        if not question or not any(map(str.isalpha, question)):
            return []
        ids = self._tokenizer.encode(lower(question), add_special_tokens=False).ids[-QUESTION_PIECES:]
        return [self._eos, *self._words(ids), self._eos]

    def _words(self, ids: Sequence[int]) -> list[int]:
        """A customer's `</s>` is no end of a comment."""
        return [self._unknown if id_ in self._special else id_ for id_ in ids]


def cuts(length: int) -> list[slice]:
    """Windows over `length` pieces: `cuts(300)` -> [0:256, 224:300]; at least one, maybe empty."""
    step = WINDOW - OVERLAP
    return [slice(start, start + WINDOW) for start in range(0, max(1, length - OVERLAP), step)]


def pad(windows: Sequence[Window], padding: int, multiple: int = 1) -> Batch:
    """Right-pads windows to the longest, and on to a multiple of `multiple` pieces."""
    longest = max(len(window.ids) for window in windows)
    shape = (len(windows), -(-longest // multiple) * multiple)
    ids = np.full(shape, padding, dtype=np.int64)
    attention, comment = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = window.ids
        attention[row, : len(window.ids)] = 1
        comment[row, LEAD : LEAD + max(1, len(window.spans))] = 1  # of an empty comment, its </s>
    return Batch(input_ids=ids, attention_mask=attention, comment_mask=comment)
