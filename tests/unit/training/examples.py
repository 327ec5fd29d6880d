"""Labelled comments for the tests of training."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import BertConfig, BertModel

from models.network import TriageNetwork
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


def tiny() -> TriageNetwork:
    """A network of one small layer, the same each time."""
    torch.manual_seed(1)
    shape = BertConfig(
        vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    return TriageNetwork(BertModel(shape, add_pooling_layer=False))
