"""The network as an ONNX graph for ONNX Runtime, written node by node from a bundle's weights.

Writing it directly, instead of exporting a traced module, keeps torch out of serving and
gives each step the operator that is fastest on a CPU:

- embeddings stay in the package's own 4-bit blocks (`GatherBlockQuantized`), exactly as trained;
- every large product runs on 8-bit integers: weights with a scale per output, activations with a
  fixed range measured when the bundle was made. A range taken from each batch, the runtime's
  default, would make an answer depend on the other comments that happen to share its batch;
- `Add` + `LayerNormalization` in place of the fused `SkipLayerNormalization`, which is ten times
  slower on CPUs (profile in `docs/performance.md`): the optimizer that would fuse them stays off.
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


class _Graph:
    """Collects nodes and constants; `node` returns the name of what it computes."""

    def __init__(self, weights: Tensors, precision: Precision, ranges: Ranges) -> None:
        self._weights, self._precision, self._ranges = weights, precision, ranges
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self.products: dict[str, str] = {}
        """Product -> what goes into it."""

    def weight(self, name: str) -> Array:
        return self._weights[name]

    def constant(self, name: str, value: NDArray[Any] | Sequence[int]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
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
        if self._precision == "fp32":
            self.node("MatMul", [value, self.constant(f"{name}.w", matrix.T)], f"{name}.raw")
            return self.node("Add", [f"{name}.raw", self.constant(f"{name}.b", bias)], name)
        scale, zero = quantisation(*self._ranges[name])
        self.constant(f"{name}.scale", scale)
        self.constant(f"{name}.zero", zero)
        rows = np.maximum(np.abs(matrix).max(axis=1), 1e-12) / 127.0
        whole = np.rint(matrix / rows[:, None]).astype(np.int8)
        self.node("QuantizeLinear", [value, f"{name}.scale", f"{name}.zero"], f"{name}.whole")
        inputs = [
            f"{name}.whole", self.constant(f"{name}.w", whole.T), f"{name}.scale",
            self.constant(f"{name}.rows", rows.astype(np.float32)), f"{name}.zero", "",
            self.constant(f"{name}.b", bias),
        ]  # fmt: skip
        return self.node("MatMulIntegerToFloat", inputs, name, _MICROSOFT)

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
    """The uint8 scale and zero point that cover a range; zero itself stays exact."""
    least, greatest = min(least, 0.0), max(greatest, 0.0)
    scale = max(greatest - least, 1e-8) / 255.0
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
        return graph.weight(f"encoder.layer.{index}.{name}.{kind}")

    def dense(name: str, value: str, source: str) -> str:
        return graph.product(f"{index}.{name}", value, part(source), part(source, "bias"))

    def add_and_norm(name: str, value: str, residual: str, source: str) -> str:
        at = f"{index}.{name}"
        graph.node("Add", [value, residual], f"{at}.sum")
        gain = graph.constant(f"{at}.gain", part(source))
        bias = graph.constant(f"{at}.bias", part(source, "bias"))
        return graph.node("LayerNormalization", [f"{at}.sum", gain, bias], at, epsilon=shape.layer_norm_eps)

    sources = [f"attention.self.{name}" for name in ("query", "key", "value")]
    matrix = np.concatenate([part(source) for source in sources])
    bias = np.concatenate([part(source, "bias") for source in sources])
    heads = [f"{index}.{name}" for name in ("query", "key", "value")]
    graph.split(graph.product(f"{index}.attention", hidden, matrix, bias), heads)
    attended = graph.node(
        "MultiHeadAttention", [*heads, "", "mask"], f"{index}.attended", _MICROSOFT,
        num_heads=shape.num_attention_heads,
    )  # fmt: skip
    mixed = add_and_norm(
        "mixed", dense("mix", attended, "attention.output.dense"), hidden, "attention.output.LayerNorm"
    )
    grown = graph.node("Gelu", [dense("grow", mixed, "intermediate.dense")], f"{index}.grown", _MICROSOFT)
    return add_and_norm("out", dense("shrink", grown, "output.dense"), mixed, "output.LayerNorm")


def _heads(graph: _Graph, hidden: str) -> None:
    def linear(name: str, value: str, output: str) -> str:
        matrix = graph.constant(f"heads.{name}.w", graph.weight(f"heads.{name}.weight").T)
        graph.node("MatMul", [value, matrix], f"{output}.raw")
        return graph.node(
            "Add",
            [f"{output}.raw", graph.constant(f"{output}.b", graph.weight(f"heads.{name}.bias"))],
            output,
        )

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
        ["strongest", graph.constant("token.weight", graph.weight("heads.token_weight"))],
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
        ["aspects.pooled", graph.constant("aspects.w", graph.weight("heads.aspects"))],
        "aspects.raw",
    )
    graph.node("Transpose", ["aspects.raw"], "aspects.rows", perm=[1, 0, 2])
    graph.node(
        "Add", ["aspects.rows", graph.constant("aspects.b", graph.weight("heads.aspects_bias"))], "aspects"
    )
