"""Sentence embeddings by the pretrained encoder, untouched by our training."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from models.encoder import load_encoder
from models.text import TextEncoder, pad
from training.windows import PADDING

BATCH = 32
PREFIX = "query:"
"""What the pretrained encoder wants before a text that is compared with others of its kind."""


def embed(
    texts: Sequence[str], encoder: str | None = None, progress: Callable[[float], None] = lambda _: None
) -> NDArray[np.float32]:
    """(n, H): the mean over a text's pieces, of length 1, as multilingual-e5 means it (Wang et al. 2024).

    Of a text longer than a window the first window counts. `encoder` as in
    `load_encoder`. About a hundred comments a second on two cores.
    """
    network, tokenizer = load_encoder(encoder)
    windows = {w.text: w for w in reversed(TextEncoder(tokenizer, PREFIX).windows(texts))}
    order = sorted(windows, key=lambda index: len(windows[index].ids))
    rows = np.empty((len(texts), network.config.hidden_size), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        group = order[start : start + BATCH]
        batch = pad([windows[index] for index in group], PADDING)
        ids, mask = torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)
        with torch.inference_mode():
            hidden = network(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled = (hidden * mask.unsqueeze(-1)).sum(dim=1)
        rows[group] = torch.nn.functional.normalize(pooled, dim=1).float().numpy()
        progress((start + len(group)) / len(texts))
    return rows
