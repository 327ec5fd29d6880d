"""From a corpus to a released bundle, top to bottom: first pass, training, quantisation, calibration."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer
from torch import Tensor

from models import bundle as bundles
from models.bundle import Bundle
from models.network import TriageNetwork
from models.onnx_engine import open_engine
from models.predictor import Engine
from models.text import TextEncoder
from models.torch_engine import TorchEngine, extract, load_network
from training import calibrate, ngrams, quantise, thirdparty
from training.dataset import Example, load_corpus, load_file
from training.questions import Questions
from training.recipe import Cycle, Recipe, applicable, drawn, rehearsable
from training.splits import SPLITS, Split, read_splits
from training.train import combine, copied, standardise, train
from triage.errors import InvalidInput
from triage.spelling import spelt

Step = Callable[[str, float], None]
"""Told what is being done and how much of it is."""

PADDING: Final = 1
REREAD: Final = "annotation/reread"
"""Within a corpus: the folder of files of comments with a second reader's labels."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """The corpus by split, and what of it some cycles go over with second labels."""

    train: list[Example]
    reread: dict[str, list[Example]]
    """File's name -> those of `train` that another reader labelled blind, with that reader's labels.

    No comment is in two files.
    """
    dev: list[Example]
    public: list[Example]
    test: list[Example]
    fresh: list[Example]


def load_data(corpus: Path, cycles: Sequence[Cycle] = ()) -> Data:
    """Reads the corpus and divides it by `splits.json`, or by a fixed fifth where there is none.

    Second labels are read where one of `cycles` names their file, if it is there. Raises InvalidInput for
    what is no labelled comment, or is in no split.
    """
    examples = load_corpus(corpus)
    split = read_splits(corpus)
    parts: dict[Split, list[Example]] = {name: [] for name in SPLITS}
    for example in examples:
        parts[split(example)].append(example)
    return Data(reread=_reread(corpus / REREAD, cycles, parts["train"]), **parts)


def _reread(folder: Path, cycles: Sequence[Cycle], train: Sequence[Example]) -> dict[str, list[Example]]:
    """What still stands in the training text as it was read."""
    texts = {example.id: example.text for example in train}
    files = {cycle.reread: folder / f"{cycle.reread}.jsonl" for cycle in cycles if cycle.reread}
    return {
        name: [one for one in load_file(file) if texts.get(one.id) == one.text]
        for name, file in files.items()
        if file.is_file()
    }


def release(recipe: Recipe, folder: Path, step: Step) -> Bundle:
    """Trains by `recipe` and writes the bundle; the model card is written from it by `card.write`."""
    data = load_data(recipe.corpus, recipe.cycles)
    _check(data, recipe.corpus)
    questions = Questions(recipe.surveys) if recipe.surveys else None
    step("Loading the encoder", 0.0)
    network, tokenizer = load_network(recipe.encoder, recipe.layers)
    text = TextEncoder(tokenizer)
    standardise(network, text, PADDING, data.train[:: max(1, len(data.train) // 512)])
    beside: list[Example] = []
    if recipe.third_party:
        beside, _ = thirdparty.load(recipe.third_party, recipe.first_pass.seed)
    if beside:
        train(network, text, PADDING, beside, recipe.first_pass, _logged("First pass", folder, step))
    cycles = applicable(recipe.cycles, data.train, data.reread)
    begun: list[dict[str, Tensor]] = []
    ends: list[dict[str, Tensor]] = []
    for number, cycle in enumerate(cycles, 1):
        told = _logged(f"Training, cycle {number} of {len(cycles)}", folder, step)
        examples, earlier = comments_of(cycle, data, recipe.share)
        begun.append(copied(network))
        train(network, text, PADDING, examples, cycle.schedule, told, beside, questions, earlier)
        ends.append(copied(network))
        combine(network, ends[-cycle.mean :], begun[-cycle.mean :][0], cycle.kept)
    return finish(recipe, network, tokenizer, data, folder, step)


def comments_of(cycle: Cycle, data: Data, share: float) -> tuple[list[Example], list[Example]]:
    """What a cycle goes over, and what it may draw from beside that.

    A cycle over second labels draws with these too, where there are any.
    """
    if not cycle.reread:
        return drawn(data.train, cycle, share), rehearsable(data.train, cycle, share)
    second = {one.id: one for part in data.reread.values() for one in part}
    examples = drawn(data.reread[cycle.reread], cycle, share)
    earlier = rehearsable(data.train, cycle, share, examples)
    return examples, [second.get(one.id, one) for one in earlier]


def _check(data: Data, corpus: Path) -> None:
    """Before the hours of training, not after them."""
    if not data.train:
        raise InvalidInput(f"{corpus} has no comments to train on: name their batches in splits.json")
    if not any(one.has_request for one in data.dev) or not any(one.urgent for one in data.dev):
        raise InvalidInput(
            f"{corpus} needs requests and urgent comments to tune on: name a batch that has them as dev"
            " in splits.json"
        )


def finish(
    recipe: Recipe, network: TriageNetwork, tokenizer: Tokenizer, data: Data, folder: Path, step: Step
) -> Bundle:
    """Writes a trained network as a bundle: weights, n-grams, activation ranges, calibration, thresholds."""
    bundle = Bundle(
        name=recipe.name, encoder=recipe.encoder, layers=recipe.layers, questions=recipe.asks, letters=True
    )
    weights = {name: tensor.float().numpy() for name, tensor in extract(network).items()}
    bundles.write(folder, bundle, weights)
    letters = ngrams.fit(data.train, lambda share: step("Learning what letters say of a language", share))
    letters.save(folder / bundles.NGRAMS)
    text = TextEncoder(tokenizer)
    engine: Engine = TorchEngine(network)
    if recipe.encoder is None:
        step("Measuring activation ranges", 0.0)
        stored = bundles.read_weights(folder, bundle)
        ranges, smooth = quantise.measure(stored, recipe.layers, text, PADDING, _sample(data.train))
        bundle = replace(bundle, ranges=ranges)
        bundles.write(folder, bundle, weights | smooth)
        engine, _ = open_engine(folder, bundle, folder / "runtime", None, None, step)
    step("Calibrating on dev", 0.0)
    dev = as_served(data.dev)
    if recipe.surveys and recipe.asks:
        dev = half_asked(dev, Questions(recipe.surveys, held_out=True))
    bundle = calibrate.fit(bundle, calibrate.collect(engine, text, PADDING, dev))
    bundles.write_facts(folder, bundle)
    step("Calibrating on dev", 1.0)
    return bundle


def as_served(examples: Sequence[Example]) -> list[Example]:
    """The comments as the model is given them; the request's place is left out."""
    return [replace(example, text=spelt(example.text).text, span=None) for example in examples]


def half_asked(examples: Sequence[Example], questions: Questions) -> list[Example]:
    """Every other comment beside a question, so that what is fitted on them holds with and without one."""
    rng = random.Random(5)
    return [questions.beside(one, rng) if at % 2 else one for at, one in enumerate(examples)]


def _sample(examples: Sequence[Example]) -> list[str]:
    return [example.text for example in as_served(examples[:: max(1, len(examples) // 600)])]


def _logged(name: str, folder: Path, step: Step) -> Callable[[float, str], None]:
    """Shows the share done, and keeps loss and speed in `training.log` beside the bundle."""
    folder.mkdir(parents=True, exist_ok=True)
    log = (folder / "training.log").open("a", encoding="utf-8", buffering=1)

    def tell(share: float, news: str) -> None:
        step(name, share)
        print(f"{name} {share:.3f} {news}", file=log)

    return tell
