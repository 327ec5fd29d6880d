"""The network in torch, fp32: the reference that the served graph is tested against."""

from pathlib import Path

import torch
from tokenizers import Tokenizer

from models import bundle as bundles
from models.batches import Outputs
from models.bundle import Bundle
from models.encoder import load_encoder
from models.graph import OUTPUTS
from models.network import TriageNetwork
from models.predictor import Progress
from models.text import Batch
from models.weights import Tensors
from triage.errors import ConfigurationError


class TorchEngine:
    """Runs a network without gradients."""

    workers = 1
    """torch spreads each run over the cores by itself."""

    def __init__(self, network: TriageNetwork) -> None:
        self._network = network.eval()

    def run(self, batch: Batch) -> Outputs:
        """Every served head's logits."""
        with torch.inference_mode():
            logits = self._network(*(torch.from_numpy(array) for array in vars(batch).values()))
        return {name: getattr(logits, name).float().numpy() for name in OUTPUTS}


def open_engine(
    folder: Path,
    bundle: Bundle,
    cache_dir: Path,
    encoder: str | None,
    threads: int | None,
    progress: Progress,
) -> tuple[TorchEngine, Tokenizer]:
    """The engine and tokenizer of a bundle; nothing is cached."""
    if encoder != bundle.encoder:
        raise ConfigurationError(
            f"the model {bundle.name} was trained on {bundle.encoder or 'the packaged encoder'}:"
            " set TRIAGE_ENCODER to that, or train a model on yours"
        )
    if threads:
        torch.set_num_threads(threads)
    progress("Loading the model", 0.1)
    network, tokenizer = load_network(encoder, bundle.layers)
    restore(network, bundles.read_weights(folder, bundle))
    progress("Loading the model", 1.0)
    return TorchEngine(network), tokenizer


def load_network(encoder: str | None, layers: int | None = None) -> tuple[TriageNetwork, Tokenizer]:
    """A fresh network on the pretrained encoder, or on its first `layers` layers."""
    model, tokenizer = load_encoder(encoder)
    network = TriageNetwork(model)
    if layers is not None:
        del network.layers[layers:]
    return network, tokenizer


def restore(network: TriageNetwork, weights: Tensors) -> None:
    """Puts a bundle's weights into `network`."""
    state = {_in_network(name): torch.from_numpy(tensor.copy()) for name, tensor in weights.items()}
    network.load_state_dict(state, strict=False)


def extract(network: TriageNetwork) -> dict[str, "torch.Tensor"]:
    """What a bundle stores of `network`: all but the frozen embeddings."""
    return {
        name.removeprefix("encoder.") if name.startswith("encoder.encoder.") else name: tensor
        for name, tensor in network.state_dict().items()
        if not name.startswith("encoder.embeddings")
    }


def _in_network(name: str) -> str:
    return f"encoder.{name}" if name.startswith("encoder.layer.") else name
