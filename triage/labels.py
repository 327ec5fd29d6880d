"""The taxonomy: every label the product can give, in the order the model's heads use.

The names are the output contract (see `docs/labels.md`); adding, renaming or
reordering one is a new `TAXONOMY_VERSION` and needs a retrained model.
"""

from typing import Final, Literal, get_args

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
