"""Labelled comments for the tests of training."""

from collections.abc import Sequence
from typing import Any

from models.text import LEAD, Window
from training.dataset import Example

TEXT = "Kind staff, but where is my sofa? Order 48213."


def example(**changes: Any) -> Example:
    """A comment with a request, fully labelled."""
    facts: dict[str, Any] = {
        "id": "en-b1-001",
        "text": TEXT,
        "lang": "en",
        "aspects": {"staff": "positive", "delivery": "negative"},
        "sentiment": "mixed",
        "has_request": True,
        "request": "order_status",
        "span": (16, 33),
        "urgent": False,
    }
    return Example(**facts | changes)


def plain(**changes: Any) -> Example:
    """A comment that asks nothing."""
    facts: dict[str, Any] = {
        "text": "Lovely shop.",
        "aspects": {"store": "positive"},
        "sentiment": "positive",
        "has_request": False,
        "request": None,
        "span": None,
    }
    return example(**facts | changes)


class Letters:
    """A text encoder whose windows are whole comments, a piece a letter."""

    mask = 1

    def windows(self, texts: Sequence[str], questions: Sequence[str | None]) -> list[Window]:
        """The windows of `texts`, none of which is read beside a question."""
        return [
            Window(text=n, ids=[2] * (LEAD + len(text)), spans=[(i, i + 1) for i in range(len(text))])
            for n, text in enumerate(texts)
        ]
