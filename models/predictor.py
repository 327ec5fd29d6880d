"""Serves a bundle: comments in, calibrated predictions out; concurrent callers share batches."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models import bundle as bundles
from models.batches import Job, Outputs, Waiting
from models.bundle import Bundle, Calibration
from models.ngrams import NGrams
from models.text import LEAD, Batch, TextEncoder, Window, pad
from triage.labels import CATEGORIES
from triage.types import Prediction, Thresholds, TokenScore

Array = NDArray[np.float32]
Progress = Callable[[str, float], None]

PAD: Final = 1
PIECES_WEIGHT: Final = 0.3
"""How much the head's evidence on language counts beside that of the letters, chosen on short answers."""


class Engine(Protocol):
    """Runs the network: ONNX Runtime or torch. Thread-safe."""

    workers: int
    """Batches it should run at once, to keep the cores busy."""

    def run(self, batch: Batch) -> Outputs:
        """The logits of every head."""
        ...


class BatchingPredictor:
    """Implements `triage.ports.Predictor` over an engine.

    Windows of all callers gather in one place (`batches.py`), from which each worker takes
    the next batch: one worker on each core keeps all of them busy, and none waits for another.
    """

    def __init__(
        self, engine: Engine, tokenizer: Tokenizer, bundle: Bundle, thresholds: Thresholds,
        ngrams: NGrams | None = None,
    ) -> None:  # fmt: skip
        self.name = bundle.name
        self.thresholds = thresholds
        self._ngrams = ngrams
        self._engine, self._calibration = engine, bundle.calibration
        self._reads_questions = bundle.questions
        self._text = TextEncoder(tokenizer)
        self._waiting = Waiting()
        for _ in range(engine.workers):
            threading.Thread(target=self._work, name="predictor", daemon=True).start()

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        """One prediction a text; a text longer than a window is read in several, and joined."""
        windows = self._text.windows(texts, questions if self._reads_questions else None)
        jobs = [Job(window=window, result=Future()) for window in windows]
        self._waiting.put(jobs)
        parts: dict[int, list[Prediction]] = {}
        for job in jobs:
            parts.setdefault(job.window.text, []).append(
                interpret(job.result.result(), job.window, self._calibration)
            )
        return [self._lettered(text, merge(parts[index])) for index, text in enumerate(texts)]

    def _lettered(self, text: str, prediction: Prediction) -> Prediction:
        """With what the letters say of the language: a logarithmic opinion pool (Genest and Zidek 1986)."""
        if self._ngrams is None:
            return prediction
        pieces = np.log(np.array(prediction.language, dtype=np.float32) + 1e-9)
        both = PIECES_WEIGHT * pieces + self._ngrams.log_probabilities(text)
        return replace(prediction, language=tuple(_softmax(both).tolist()))

    def _work(self) -> None:
        while True:
            jobs = self._waiting.take()
            try:
                outputs = self._engine.run(pad([job.window for job in jobs], PAD))
                rows = [{head: values[row] for head, values in outputs.items()} for row in range(len(jobs))]
            except Exception as error:
                for job in jobs:
                    job.result.set_exception(error)
            else:
                for job, row in zip(jobs, rows, strict=True):
                    job.result.set_result(row)


def interpret(logits: Outputs, window: Window, calibration: Calibration) -> Prediction:
    """The calibrated prediction of one window from its rows of logits."""
    tokens = _sigmoid(logits["tokens"][LEAD : LEAD + len(window.spans)])

    def several(task: str) -> tuple[float, ...]:
        return tuple(_softmax(calibration.scaled(task, logits[task])).tolist())

    def binary(task: str) -> float:
        slope, bias = calibration.logistic.get(task, (1.0, 0.0))
        return float(_sigmoid(slope * logits[task] + bias))

    return Prediction(
        aspects=tuple(map(tuple, _softmax(calibration.scaled("aspects", logits["aspects"])).tolist())),
        sentiment=several("sentiment"),
        request=binary("request"),
        intent=several("intent"),
        urgent=binary("urgent"),
        language=several("language"),
        tokens=tuple(
            TokenScore(start=start, end=end, probability=p)
            for (start, end), p in zip(window.spans, tokens.tolist(), strict=True)
        ),
    )


def merge(windows: Sequence[Prediction]) -> Prediction:
    """One prediction of a long text: what any window is surest of; sentiment and language are means."""
    if len(windows) == 1:
        return windows[0]
    asking = max(windows, key=lambda window: window.request)
    return Prediction(
        aspects=tuple(
            min((window.aspects[c] for window in windows), key=lambda row: row[0])
            for c in range(len(CATEGORIES))
        ),
        sentiment=tuple(np.mean([window.sentiment for window in windows], axis=0).tolist()),
        request=asking.request,
        intent=asking.intent,
        urgent=max(window.urgent for window in windows),
        language=tuple(np.mean([window.language for window in windows], axis=0).tolist()),
        tokens=asking.tokens,
    )


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _sigmoid(logits: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))))


def load_predictor(
    *,
    model: str,
    cache_dir: Path,
    backend: Literal["onnx", "torch"] = "onnx",
    encoder: str | None = None,
    threads: int | None = None,
    target_precision: float = 0.95,
    progress: Progress = lambda _step, _share: None,
) -> BatchingPredictor:
    """Loads a released model or a bundle's folder; builds its runtime file on first use.

    `progress` hears each step and the share of it that is done. Raises
    ConfigurationError where the model is missing or was trained on another encoder.
    """
    folder = bundles.find(model)
    bundle = bundles.read(folder)
    # By name: torch takes seconds to import, and the default backend needs none of it.
    home = import_module("models.onnx_engine" if backend == "onnx" else "models.torch_engine")
    engine, tokenizer = home.open_engine(folder, bundle, cache_dir, encoder, threads, progress)
    ngrams = NGrams.load(folder / bundles.NGRAMS) if bundle.letters else None
    return BatchingPredictor(engine, tokenizer, bundle, operating_point(bundle, target_precision), ngrams)


def operating_point(bundle: Bundle, target_precision: float) -> Thresholds:
    """The bundle's thresholds, with abstention for the nearest stricter target or the strictest measured."""
    measured = sorted((float(target), limits) for target, limits in bundle.abstention.items())
    if not measured:
        return bundle.thresholds
    stricter = [limits for target, limits in measured if target >= target_precision]
    return replace(bundle.thresholds, confident=stricter[0] if stricter else measured[-1][1])
