"""The network as an ONNX graph for ONNX Runtime, written node by node from a bundle's weights.

Writing it directly, instead of exporting a traced module, keeps torch out of serving and
gives each step the operator that is fastest on a CPU:

- embeddings stay in the package's own 4-bit blocks (`GatherBlockQuantized`), exactly as trained;
- every large product runs on 8-bit integers: weights with a scale per output, activations in two
  steps of 7 bits, the second for what the first left out, with a fixed range measured when the
  bundle was made, after evening out the columns (SmoothQuant, Xiao et al. 2023). A range taken from
  each batch, the runtime's default, would make an answer depend on the other comments that happen
  to share its batch. With all 8 bits, processors without VNNI would add two products beyond what
  16 bits hold, and saturate;
- `Add` + `LayerNormalization` in place of the fused `SkipLayerNormalization`, which is ten times
  slower on CPUs (profile in `training/LOG.md`): the optimizer that would fuse them stays off.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.packed import BLOCK, PackedEncoder, Shape, split_blocks
from models.weights import Array, Tensors
from triage.labels import CATEGORIES

Precision = Literal["int8", "fp32"]
Ranges = Mapping[str, tuple[float, float]]
"""Product -> the least and greatest activation that goes into it."""

SMOOTH: Final = "smooth."
"""Prefix of the weights that even out a product's inputs, one factor a column."""
STEPS: Final = 127
"""The steps of an activation: two products of them with weights up to 127 fit into 16 bits with a sign."""
DISABLED_OPTIMIZERS: Final = ["SkipLayerNormFusion"]
OUTPUTS: Final = ("aspects", "sentiment", "request", "intent", "urgent", "language", "tokens")
_MICROSOFT: Final = "com.microsoft"
_FAR: Final = np.array(-1e4, dtype=np.float32)


def build(
    path: Path, packed: PackedEncoder, weights: Tensors, layers: int,
    precision: Precision, ranges: Ranges, probes: bool = False,
) -> dict[str, str]:  # fmt: skip
    """Writes the graph of a bundle whose encoder has `layers` layers.

    Returns, for every large product, the name of what goes into it; with `probes`
    those are outputs too, so that `ranges` can be measured.
    """
    graph = _Graph(weights, precision, ranges)
    hidden = _embeddings(graph, packed)
    graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    for layer in range(layers):
        hidden = _layer(graph, layer, hidden, packed.shape)
    _heads(graph, hidden)
    onnx.save(graph.model(probes), path)
    return graph.products


_PRODUCTS: Final = {
    "attend": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "mix": ("attention.output.dense",),
    "grow": ("intermediate.dense",),
    "shrink": ("output.dense",),
}
"""The four large products of a layer, and the parts of `BertModel` that each is made of."""


def matrix_of(weights: Tensors, product: str, kind: str = "weight") -> Array:
    """The matrix (outputs, inputs) or bias of a product such as `3.grow`."""
    layer, name = product.split(".")
    return np.concatenate([weights[f"encoder.layer.{layer}.{part}.{kind}"] for part in _PRODUCTS[name]])


class _Graph:
    """Collects nodes and constants; `node` returns the name of what it computes."""

    def __init__(self, weights: Tensors, precision: Precision, ranges: Ranges) -> None:
        self.weights, self._precision, self._ranges = weights, precision, ranges
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.products: dict[str, str] = {}
        """Product -> what goes into it."""

    def constant(self, name: str, value: NDArray[Any] | Sequence[int]) -> str:
        self._constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def tensor(self, proto: onnx.TensorProto) -> str:
        self._constants.append(proto)
        return proto.name

    def node(
        self, operator: str, inputs: Sequence[str], output: str, domain: str = "", **options: Any
    ) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **options))
        return output

    def split(self, value: str, outputs: list[str]) -> None:
        self._nodes.append(helper.make_node("Split", [value], outputs, axis=-1, num_outputs=len(outputs)))

    def product(self, name: str, value: str, matrix: Array, bias: Array) -> str:
        """value @ matrix.T + bias."""
        self.products[name] = value
        added = self.constant(f"{name}.b", bias)
        if self._precision == "fp32":
            self.node("MatMul", [value, self.constant(f"{name}.w", matrix.T)], f"{name}.raw")
            return self.node("Add", [f"{name}.raw", added], name)
        smooth = self.weights[SMOOTH + name]
        even = self.node("Mul", [value, self.constant(f"{name}.smooth", 1.0 / smooth)], f"{name}.even")
        weights = self._rounded(name, matrix * smooth)
        scale, zero = quantisation(*self._ranges[name])
        coarse = self._whole(f"{name}.coarse", even, scale, zero, weights, added)
        rest = self._rest(f"{name}.coarse", even)
        finer = np.array(scale / (STEPS - 1), dtype=np.float32), np.array(STEPS // 2 + 1, dtype=np.uint8)
        return self.node("Add", [coarse, self._whole(f"{name}.fine", rest, *finer, weights, "")], name)

    def _rounded(self, name: str, matrix: Array) -> tuple[str, str]:
        """The matrix as int8, with a scale for each of its rows."""
        rows = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / 127.0
        whole = np.rint(matrix / rows[:, None]).astype(np.int8)
        return self.constant(f"{name}.w", whole.T), self.constant(f"{name}.rows", rows.astype(np.float32))

    def _rest(self, name: str, value: str) -> str:
        """What the rounding of `value` for the product `name` left out."""
        self.node("DequantizeLinear", [f"{name}.whole", f"{name}.scale", f"{name}.zero"], f"{name}.back")
        return self.node("Sub", [value, f"{name}.back"], f"{name}.rest")

    def _whole(
        self, name: str, value: str, scale: NDArray[np.float32], zero: NDArray[np.uint8],
        weights: tuple[str, str], bias: str,
    ) -> str:  # fmt: skip
        """A product on whole numbers, back in fp32."""
        at = self.constant(f"{name}.scale", scale), self.constant(f"{name}.zero", zero)
        self.node("QuantizeLinear", [value, *at], f"{name}.whole")
        matrix, rows = weights
        inputs = [f"{name}.whole", matrix, at[0], rows, at[1], "", bias]
        return self.node("MatMulIntegerToFloat", inputs if bias else inputs[:5], name, _MICROSOFT)

    def model(self, probes: bool) -> onnx.ModelProto:
        names = ("input_ids", "attention_mask", "comment_mask")
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["B", "T"]) for name in names]
        outputs = [*OUTPUTS, *(self.products.values() if probes else ())]
        return helper.make_model(
            helper.make_graph(
                self._nodes, "triage", inputs,
                [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
                self._constants,
            ),
            opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(_MICROSOFT, 1)],
            ir_version=10,
        )  # fmt: skip


def quantisation(least: float, greatest: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The uint8 scale and zero point that cover a range in `STEPS`; zero itself stays exact."""
    least, greatest = min(least, 0.0), max(greatest, 0.0)
    scale = max(greatest - least, 1e-8) / STEPS
    return np.array(scale, dtype=np.float32), np.array(round(-least / scale), dtype=np.uint8)


def _embeddings(graph: _Graph, packed: PackedEncoder) -> str:
    width = packed.shape.hidden_size
    scales, values = split_blocks(packed.blocks("emb.word"))
    nibbles = (values.astype(np.uint8) & 0x0F).reshape(-1, 2)
    pairs = (nibbles[:, 0] | nibbles[:, 1] << 4).astype(np.uint8)
    shape = [packed.shape.vocab_size, width]
    graph.tensor(helper.make_tensor("words", TensorProto.INT4, shape, pairs.tobytes(), raw=True))
    graph.constant("words.scales", scales.reshape(-1, width // BLOCK))
    gather = {"block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
    graph.node("GatherBlockQuantized", ["words", "input_ids", "words.scales"], "word", _MICROSOFT, **gather)
    tensors = packed.tensors()
    positions = (
        tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    graph.node("Shape", ["input_ids"], "length", start=1, end=2)
    graph.node(
        "Slice",
        [graph.constant("positions", positions), graph.constant("zero", np.array([0])), "length"],
        "position",
    )
    graph.node("Add", ["word", "position"], "embedded")
    gain, bias = (tensors[f"embeddings.LayerNorm.{part}"] for part in ("weight", "bias"))
    return graph.node(
        "LayerNormalization",
        ["embedded", graph.constant("embeddings.gain", gain), graph.constant("embeddings.bias", bias)],
        "hidden", epsilon=packed.shape.layer_norm_eps,
    )  # fmt: skip


def _layer(graph: _Graph, index: int, hidden: str, shape: Shape) -> str:
    def part(name: str, kind: str = "weight") -> Array:
        return graph.weights[f"encoder.layer.{index}.{name}.{kind}"]

    def product(name: str, value: str) -> str:
        at = f"{index}.{name}"
        return graph.product(at, value, matrix_of(graph.weights, at), matrix_of(graph.weights, at, "bias"))

    def add_and_norm(name: str, value: str, residual: str, source: str) -> str:
        at = f"{index}.{name}"
        graph.node("Add", [value, residual], f"{at}.sum")
        gain = graph.constant(f"{at}.gain", part(source))
        bias = graph.constant(f"{at}.bias", part(source, "bias"))
        return graph.node("LayerNormalization", [f"{at}.sum", gain, bias], at, epsilon=shape.layer_norm_eps)

    heads = [f"{index}.{name}" for name in ("query", "key", "value")]
    graph.split(product("attend", hidden), heads)
    attended = graph.node(
        "MultiHeadAttention", [*heads, "", "mask"], f"{index}.attended", _MICROSOFT,
        num_heads=shape.num_attention_heads,
    )  # fmt: skip
    mixed = add_and_norm("mixed", product("mix", attended), hidden, "attention.output.LayerNorm")
    grown = graph.node("Gelu", [product("grow", mixed)], f"{index}.grown", _MICROSOFT)
    return add_and_norm("out", product("shrink", grown), mixed, "output.LayerNorm")


def _heads(graph: _Graph, encoded: str) -> None:
    def linear(name: str, value: str, output: str) -> str:
        matrix = graph.constant(f"heads.{name}.w", graph.weights[f"heads.{name}.weight"].T)
        graph.node("MatMul", [value, matrix], f"{output}.raw")
        return graph.node(
            "Add",
            [f"{output}.raw", graph.constant(f"{output}.b", graph.weights[f"heads.{name}.bias"])],
            output,
        )

    graph.node("Sub", [encoded, graph.constant("centre", graph.weights["heads.centre"])], "centred")
    spread = graph.constant("spread", graph.weights["heads.spread"])
    hidden = graph.node("Div", ["centred", spread], "standardised")
    graph.node("Equal", ["comment_mask", graph.constant("outside.zero", np.array(0))], "outside")
    graph.node("Unsqueeze", ["outside", graph.constant("last", np.array([-1]))], "outside.column")
    graph.constant("far", _FAR)
    linear("views", hidden, "views")
    graph.node("Where", ["outside.column", "far", "views"], "views.inside")
    graph.node("Softmax", ["views.inside"], "attention", axis=1)
    graph.node("Transpose", ["attention"], "attention.views", perm=[0, 2, 1])
    graph.node("MatMul", ["attention.views", hidden], "pooled")
    graph.node("Transpose", ["pooled"], "pooled.views", perm=[1, 0, 2])
    _aspects(graph)
    for number, task in enumerate(("sentiment", "request", "intent", "urgent", "language"), len(CATEGORIES)):
        view = graph.node(
            "Gather", ["pooled.views", graph.constant(f"{task}.view", np.array(number))], f"{task}.pooled"
        )
        linear(task, view, f"{task}.logits" if task in ("request", "urgent") else task)
    linear("tokens", hidden, "tokens.column")
    graph.node("Squeeze", ["tokens.column", "last"], "tokens.all")
    graph.node("Where", ["outside", "far", "tokens.all"], "tokens")
    graph.node("ReduceMax", ["tokens", graph.constant("first", np.array([1]))], "strongest", keepdims=0)
    graph.node(
        "Mul",
        ["strongest", graph.constant("token.weight", graph.weights["heads.token_weight"])],
        "strongest.share",
    )
    graph.node("Squeeze", ["request.logits", "last"], "request.whole")
    graph.node("Add", ["request.whole", "strongest.share"], "request")
    graph.node("Squeeze", ["urgent.logits", "last"], "urgent")


def _aspects(graph: _Graph) -> None:
    graph.node(
        "Slice",
        ["pooled.views", "zero", graph.constant("categories", np.array([len(CATEGORIES)]))],
        "aspects.pooled",
    )
    graph.node(
        "MatMul",
        ["aspects.pooled", graph.constant("aspects.w", graph.weights["heads.aspects"])],
        "aspects.raw",
    )
    graph.node("Transpose", ["aspects.raw"], "aspects.rows", perm=[1, 0, 2])
    graph.node(
        "Add", ["aspects.rows", graph.constant("aspects.b", graph.weights["heads.aspects_bias"])], "aspects"
    )
