"""Labelled comments for the tests of training."""

from typing import Any

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
