"""The runtime file in the cache, and ONNX Runtime over it."""

import os
from pathlib import Path
from uuid import uuid4

import onnxruntime
from tokenizers import Tokenizer

from models import bundle as bundles
from models.batches import Outputs
from models.bundle import Bundle
from models.graph import DISABLED_OPTIMIZERS, Precision, build
from models.packed import PackedEncoder
from models.predictor import Progress
from models.text import Batch
from triage.errors import ConfigurationError


class OnnxEngine:
    """A session over one runtime file. Thread-safe.

    Each run stays on the thread that asked for it. Threads of ONNX Runtime's own would
    wait for each other actively, several times in every layer, and come almost to a
    standstill wherever another thread or process needs a core (docs/decisions.md).
    """

    def __init__(self, path: Path, workers: int | None = None) -> None:
        """`workers` is how many runs the caller means to have at once: the cores by default."""
        self.workers = workers or _cores()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=DISABLED_OPTIMIZERS
        )
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, batch: Batch) -> Outputs:
        """Every output of the graph by name."""
        return dict(zip(self._names, self._session.run(self._names, vars(batch)), strict=True))


def _cores() -> int:
    """The cores that this process may use, which in a container are fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_engine(
    folder: Path,
    bundle: Bundle,
    cache_dir: Path,
    encoder: str | None,
    threads: int | None,
    progress: Progress,
) -> tuple[OnnxEngine, Tokenizer]:
    """The engine and tokenizer of a bundle, building what the cache does not hold yet."""
    if encoder != bundle.encoder or encoder is not None:
        raise ConfigurationError(
            f"the model {bundle.name} was trained on {bundle.encoder or 'the packaged encoder'}; with another"
            " encoder train a new model and serve it with TRIAGE_BACKEND=torch"
        )
    home = cache_dir / f"{bundle.name}-{bundles.fingerprint(folder, bundle)}"
    graph, tokens = home / "int8.onnx", home / "tokenizer.json"
    if not graph.exists():
        build_runtime(folder, bundle, home, progress)
    progress("Loading the model", 0.5)
    try:
        loaded = OnnxEngine(graph, threads), Tokenizer.from_file(str(tokens))
    except Exception:  # cut off by a full disk, say; all that it is made from is at hand
        build_runtime(folder, bundle, home, progress)
        loaded = OnnxEngine(graph, threads), Tokenizer.from_file(str(tokens))
    progress("Loading the model", 1.0)
    return loaded


def build_runtime(
    folder: Path, bundle: Bundle, home: Path, progress: Progress, precision: Precision = "int8"
) -> None:
    """Writes tokenizer and graph; whole files only, so that no killed build and no second one does harm."""
    # In containers that share a cache, process ids repeat.
    mark = uuid4().hex
    home.mkdir(parents=True, exist_ok=True)
    packed = PackedEncoder.from_package()
    progress("Building the runtime file: tokenizer", 0.1)
    tokens = home / f"tokenizer.json.{mark}"
    packed.tokenizer().save(str(tokens))
    tokens.rename(home / "tokenizer.json")
    progress("Building the runtime file: weights", 0.4)
    weights = bundles.read_weights(folder, bundle)
    progress("Building the runtime file: graph", 0.7)
    part = home / f"{precision}.onnx.{mark}"
    try:
        build(part, packed, weights, bundle.layers, precision, bundle.ranges)
        part.rename(home / f"{precision}.onnx")
    finally:
        part.unlink(missing_ok=True)
    progress("Building the runtime file: done", 1.0)
