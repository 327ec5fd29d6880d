"""A tokenizer and an engine small enough to reason about."""

import numpy as np
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from models.batches import Outputs
from models.text import Batch
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, SENTIMENTS

BOS, PAD, EOS, UNKNOWN = 0, 1, 2, 3


def tokenizer() -> Tokenizer:
    """A piece for every word or mark; the prefix is three pieces, as the real tokenizer has it."""
    vocabulary = {
        "<s>": BOS,
        "<pad>": PAD,
        "</s>": EOS,
        "<unk>": UNKNOWN,
        "que": 4,
        "ry": 5,
        ":": 6,
        "hot": 7,
        "<mask>": 8,
    }
    made = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = Split(Regex(r"que(?=ry:)|ry(?=:)|\w+|[^\w\s]"), behavior="removed", invert=True)
    return made


class TinyEngine:
    """Sees a request and urgency wherever a comment holds the word `hot`; keeps the batches it ran."""

    workers = 2

    def __init__(self, failing: bool = False) -> None:
        self.batches: list[Batch] = []
        self._failing = failing

    def run(self, batch: Batch) -> Outputs:
        self.batches.append(batch)
        if self._failing:
            raise RuntimeError("out of order")
        hot = ((batch.input_ids == 7) & (batch.comment_mask == 1)).astype(np.float32)
        rows = len(hot)
        found = np.where(hot.any(axis=1), 4.0, -4.0).astype(np.float32)
        return {
            "aspects": np.zeros((rows, len(CATEGORIES), 4), dtype=np.float32),
            "sentiment": np.zeros((rows, len(SENTIMENTS)), dtype=np.float32),
            "request": found,
            "intent": np.zeros((rows, len(INTENTS)), dtype=np.float32),
            "urgent": found,
            "language": np.zeros((rows, len(LANGUAGES) + 1), dtype=np.float32),
            "tokens": 8.0 * hot - 4.0,
        }
