"""A released model on disk: weights, calibration, thresholds and what it was made from.

models/released/<name>/
    bundle.json         everything but the weights
    weights.safetensors what training changed (see weights.py)
    ngrams.safetensors  what letters say of the language (see ngrams.py)
    learnt.safetensors  digests of the comments it has learnt from (see training/renewal.py)
    README.md           the model card
"""

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.graph import Ranges
from models.packed import PackedEncoder
from models.weights import Tensors, load, save
from triage.errors import ConfigurationError
from triage.labels import TAXONOMY_VERSION
from triage.types import Confident, Thresholds

RELEASED: Final = Path(__file__).parent / "released"
NGRAMS: Final = "ngrams.safetensors"


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Logits become probabilities: `softmax(logit / temperature + bias)`, `sigmoid(slope * logit + bias)`.

    Temperature scaling is Guo et al. 2017, with a bias for each class Alexandari et al. 2020, the
    logistic form Platt 1999; all fitted on dev.
    """

    temperatures: dict[str, float] = field(default_factory=dict)
    """Task of several classes -> temperature."""
    biases: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Task of several classes -> what is added to each, where there is anything."""
    logistic: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Binary task -> slope and bias."""

    def scaled(self, task: str, logits: NDArray[np.floating]) -> NDArray[np.floating]:
        """(..., classes) logits of a task of several classes, ready for the softmax."""
        return np.asarray(logits / self.temperatures.get(task, 1.0) + np.array(self.biases.get(task, 0.0)))


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """All of a model but its weights."""

    name: str
    encoder: str | None = None
    """None for the packaged encoder, else the folder or hub id that it was trained on."""
    layers: int = 12
    questions: bool = False
    """Whether it was trained to read the survey's question beside the comment."""
    history: tuple[str, ...] = ()
    """How it was made, a line a run, the last one last: what each began from, went over and had beside it."""
    letters: bool = False
    """Whether `ngrams.safetensors` is part of it: older bundles have none."""
    taxonomy: str = TAXONOMY_VERSION
    calibration: Calibration = field(default_factory=Calibration)
    thresholds: Thresholds = field(default_factory=Thresholds)
    abstention: dict[str, dict[str, Confident]] = field(default_factory=dict)
    """Target precision, such as `0.95` -> task -> when not to abstain."""
    ranges: Ranges = field(default_factory=dict)
    """Activation ranges for int8 (see graph.py)."""
    metrics: dict[str, float] = field(default_factory=dict)
    """Headline figures on the test split, for `triage compare`."""


def write(folder: Path, bundle: Bundle, weights: Tensors) -> None:
    """Writes `bundle.json` and the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    save(folder / "weights.safetensors", weights, _base(bundle))
    write_facts(folder, bundle)


def write_facts(folder: Path, bundle: Bundle) -> None:
    """Writes `bundle.json` alone."""
    (folder / "bundle.json").write_text(json.dumps(asdict(bundle), indent=1) + "\n", "utf-8")


def find(name: str) -> Path:
    """The folder of a released model, or of a bundle given by its path."""
    for folder in (RELEASED / name, Path(name)):
        if (folder / "bundle.json").is_file():
            return folder
    known = sorted(path.parent.name for path in RELEASED.glob("*/bundle.json"))
    raise ConfigurationError(
        f"no model {name!r}: TRIAGE_MODEL takes a bundle's folder or a released model's name"
        f" ({', '.join(known) or 'none is released'})"
    )


def read(folder: Path) -> Bundle:
    """`bundle.json`, checked against this version of the taxonomy."""
    facts: dict[str, Any] = json.loads((folder / "bundle.json").read_text("utf-8"))
    if facts["taxonomy"] != TAXONOMY_VERSION:
        raise ConfigurationError(
            f"{folder} was trained for taxonomy {facts['taxonomy']}, this service speaks {TAXONOMY_VERSION}:"
            " train it again"
        )
    facts["calibration"] = Calibration(
        temperatures=facts["calibration"]["temperatures"],
        biases={task: tuple(biases) for task, biases in facts["calibration"].get("biases", {}).items()},
        logistic={task: tuple(pair) for task, pair in facts["calibration"]["logistic"].items()},
    )
    facts["abstention"] = {
        target: {task: Confident(**limits) for task, limits in tasks.items()}
        for target, tasks in facts["abstention"].items()
    }
    facts["thresholds"] = Thresholds(
        **facts["thresholds"]
        | {"confident": {task: Confident(**c) for task, c in facts["thresholds"]["confident"].items()}}
    )
    facts["history"] = tuple(facts.get("history", ()))
    facts["ranges"] = {product: tuple(pair) for product, pair in facts["ranges"].items()}
    return Bundle(**facts)


def read_weights(folder: Path, bundle: Bundle) -> Tensors:
    """The trained weights, named as in `TriageNetwork` but with the encoder's as in `BertModel`."""
    return load(folder / "weights.safetensors", _base(bundle))


def fingerprint(folder: Path, bundle: Bundle) -> str:
    """Changes when anything that the runtime file is built from does."""
    digest = sha256((folder / "weights.safetensors").read_bytes())
    digest.update(json.dumps([bundle.layers, bundle.ranges], sort_keys=True).encode())
    digest.update(Path(__file__).with_name("graph.py").read_bytes())
    return digest.hexdigest()[:16]


def _base(bundle: Bundle) -> Tensors:
    """The pretrained weights, which a bundle of the packaged encoder is stored against."""
    if bundle.encoder is not None:
        return {}
    return {k: v for k, v in PackedEncoder.from_package().tensors().items() if k.startswith("encoder.")}
