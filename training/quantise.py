"""Measures, on real comments, the range of activations that goes into each large product."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.graph import Ranges, build
from models.onnx_engine import OnnxEngine
from models.packed import PackedEncoder
from models.text import TextEncoder, pad
from models.weights import Tensors

TAIL: Final = 1e-4
"""Share of activations left outside on each side: a few outliers would coarsen all the others."""


def measure(weights: Tensors, layers: int, text: TextEncoder, padding: int, texts: Sequence[str]) -> Ranges:
    """Product -> the range that holds all but TAIL of its activations on either side."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probes.onnx"
        products = build(path, PackedEncoder.from_package(), weights, layers, "fp32", {}, probes=True)
        engine = OnnxEngine(path)
        lows: dict[str, list[float]] = {name: [] for name in products}
        highs: dict[str, list[float]] = {name: [] for name in products}
        windows = sorted(text.windows(texts), key=lambda window: len(window.ids))
        for start in range(0, len(windows), 32):
            batch = pad(windows[start : start + 32], padding)
            outputs, inside = engine.run(batch), batch.attention_mask.astype(bool)
            for name, value in products.items():
                low, high = _extent(outputs[value][inside])
                lows[name].append(low)
                highs[name].append(high)
    return {name: (float(np.median(lows[name])), float(np.median(highs[name]))) for name in products}


def _extent(activations: NDArray[np.float32]) -> tuple[float, float]:
    low, high = np.quantile(activations, [TAIL, 1.0 - TAIL])
    return float(low), float(high)
