"""The windows of comments that are trained and calibrated on: one a comment."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from models.text import LEAD, TextEncoder, Window
from training.dataset import Example

PADDING: Final = 1
"""The piece that fills up what is shorter than its batch."""


def hide(window: Window, mask: int, share: float, rng: random.Random) -> Window:
    """Every other window with some of the comment's pieces masked: the rest must tell what it is about."""
    if rng.random() < 0.5:
        return window
    ids = list(window.ids)
    for at in range(LEAD, LEAD + len(window.spans)):
        if rng.random() < share:
            ids[at] = mask
    return replace(window, ids=ids)


def one_window_each(text: TextEncoder, examples: Sequence[Example]) -> list[Window]:
    """Of a comment of several windows the one that asks, else the first."""
    chosen: dict[int, Window] = {}
    found = text.windows([e.text for e in examples], [e.question for e in examples])
    for window in found:
        asking = examples[window.text].span
        holds = asking and window.spans and window.spans[0][0] <= asking[0] < window.spans[-1][1]
        if window.text not in chosen or holds:
            chosen[window.text] = window
    return [chosen[i] for i in range(len(examples))]
