"""Measures, on real comments, what int8 needs to know of the inputs of each large product."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.graph import SMOOTH, Ranges, build, matrix_of
from models.onnx_engine import OnnxEngine
from models.packed import PackedEncoder
from models.text import TextEncoder, pad
from models.weights import Array, Tensors

STRENGTH: Final = 0.3
"""How much of the unevenness moves from activations, which have 14 bits, into weights, which have 8."""


def measure(
    weights: Tensors, layers: int, text: TextEncoder, padding: int, texts: Sequence[str]
) -> tuple[Ranges, dict[str, Array]]:
    """The range of every product's inputs once they are evened out, and the factors that do so.

    SmoothQuant (Xiao et al. 2023): dividing column k of the inputs by `max|x_k|^a / max|w_k|^(1-a)`
    and multiplying the matrix's column by it changes nothing but what rounding costs.
    """
    ranges: dict[str, tuple[float, float]] = {}
    smooth: dict[str, Array] = {}
    for name, (least, greatest) in _observe(weights, layers, text, padding, texts).items():
        inputs = np.maximum(np.maximum(-least, greatest), 1e-6)
        columns = np.maximum(np.abs(matrix_of(weights, name)).max(axis=0), 1e-6)
        factors = inputs**STRENGTH / columns ** (1.0 - STRENGTH)
        factors /= np.exp(np.log(factors).mean())
        ranges[name] = float((least / factors).min()), float((greatest / factors).max())
        smooth[SMOOTH + name] = factors.astype(np.float32)
    return ranges, smooth


def _observe(
    weights: Tensors, layers: int, text: TextEncoder, padding: int, texts: Sequence[str]
) -> dict[str, tuple[Array, Array]]:
    """Product -> the least and greatest value seen in each column of its inputs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probes.onnx"
        products = build(path, PackedEncoder.from_package(), weights, layers, "fp32", {}, probes=True)
        engine = OnnxEngine(path)
    seen: dict[str, tuple[Array, Array]] = {}
    windows = sorted(text.windows(texts), key=lambda window: len(window.ids))
    for start in range(0, len(windows), 32):
        batch = pad(windows[start : start + 32], padding)
        outputs, inside = engine.run(batch), batch.attention_mask.astype(bool)
        for name, value in products.items():
            inputs = outputs[value][inside]
            low, high = inputs.min(axis=0), inputs.max(axis=0)
            least, greatest = seen.get(name, (low, high))
            seen[name] = np.minimum(least, low), np.maximum(greatest, high)
    return seen
