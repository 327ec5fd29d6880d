"""The taxonomy: every label the product can give, in the order the model's heads use.

The names are the output contract (see `docs/labels.md`); adding, renaming or
reordering one is a new `TAXONOMY_VERSION` and needs a retrained model.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args

TAXONOMY_VERSION: Final = "1"

Language = Literal[
    "en", "it", "fr", "de", "es", "pt", "nl", "pl", "cs", "hu", "ro", "el", "sv", "da", "fi", "nb", "ru"
]  # fmt: skip
Category = Literal[
    "product", "price", "assortment", "staff", "store", "website", "checkout", "delivery",
    "pickup", "packaging", "assembly", "returns", "warranty", "support", "loyalty",
]  # fmt: skip
Polarity = Literal["positive", "negative", "neutral"]
Sentiment = Literal["positive", "neutral", "negative", "mixed"]
Intent = Literal[
    "order_status", "order_change", "return_refund", "missing_damaged", "product_question",
    "payment_invoice", "warranty_repair", "account_loyalty", "store_info", "contact_me",
    "privacy", "other",
]  # fmt: skip

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
UNDETERMINED: Final = "und"
"""Another language, no language, or too little text to tell."""
CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)
POLARITIES: Final[tuple[Polarity, ...]] = get_args(Polarity)
SENTIMENTS: Final[tuple[Sentiment, ...]] = get_args(Sentiment)
INTENTS: Final[tuple[Intent, ...]] = get_args(Intent)


def label_faults(labels: Mapping[str, Any], text: str) -> Iterator[str]:
    """Say what is wrong with the labels of a comment, by the annotation guidelines.

    Args:
        labels: All of `lang`, `aspects`, `sentiment`, `request`, `request_text`, `urgent`.
        text: The comment.
    """
    if labels["lang"] not in (*LANGUAGES, UNDETERMINED):
        yield f"unknown language {labels['lang']!r}"
    for category, polarity in labels["aspects"].items():
        if category not in CATEGORIES or polarity not in POLARITIES:
            yield f"unknown aspect {category!r}: {polarity!r}"
    if labels["sentiment"] not in SENTIMENTS:
        yield f"unknown sentiment {labels['sentiment']!r}"
    if not isinstance(labels["urgent"], bool):
        yield "urgent is neither true nor false"
    intent, asking = labels["request"], labels["request_text"]
    if intent is None and asking is not None:
        yield "request_text without request"
    if intent is not None and intent not in INTENTS:
        yield f"unknown request {intent!r}"
    if intent is not None and (not isinstance(asking, str) or not asking or asking not in text):
        yield "request_text is no part of text: it must be the exact part that asks"
