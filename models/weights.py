"""A released model's weights: what training changed, in 8 bits, on top of the packaged encoder.

The embeddings stay as they were. Every other matrix of the encoder is stored as its
difference from the pretrained one, int8 with one scale a row: differences are small, so
8 bits hold them about a hundred times finer than they would hold the weights themselves.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

Array = NDArray[np.float32]
Tensors = Mapping[str, Array]

_SCALE: Final = ".scale"


def save(path: Path, trained: Tensors, base: Tensors) -> None:
    """Writes `trained`; tensors that `base` has too are written as differences."""
    stored: dict[str, NDArray[np.generic]] = {}
    for name, tensor in trained.items():
        if name in base and tensor.ndim == 2:
            stored[name], stored[name + _SCALE] = _quantise(tensor - base[name])
        else:
            stored[name] = tensor.astype(np.float32 if tensor.ndim < 2 else np.float16)
    save_file(stored, path)


def load(path: Path, base: Tensors) -> dict[str, Array]:
    """The tensors as `save` got them, but for rounding."""
    stored = load_file(path)
    tensors = {}
    for name, tensor in stored.items():
        if name.endswith(_SCALE):
            continue
        if name + _SCALE in stored:
            tensors[name] = base[name] + tensor.astype(np.float32) * stored[name + _SCALE][:, None]
        else:
            tensors[name] = tensor.astype(np.float32)
    return tensors


def _quantise(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """(N, K) -> int8 of the same shape and (N,) scales."""
    scales = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / 127.0
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales.astype(np.float32)
