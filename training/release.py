"""From a corpus to a released bundle, top to bottom: first pass, training, quantisation, calibration."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
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
from models.torch_engine import TorchEngine, extract, load_network, restore
from training import calibrate, history, ngrams, quantise, renewal, thirdparty
from training.data import Data, load_data
from training.dataset import Example
from training.questions import Questions
from training.recipe import Cycle, Recipe, applicable, drawn, rehearsable
from training.schedule import Schedule
from training.train import combine, copied, standardise, train
from triage.errors import ConfigurationError, InvalidInput
from triage.spelling import spelt

Step = Callable[[str, float], None]
"""Told what is being done and how much of it is."""

PADDING: Final = 1


def release(recipe: Recipe, folder: Path, step: Step) -> Bundle:
    """Trains by `recipe` and writes the bundle; the model card is written from it by `card.write`."""
    recipe = _like_its_start(recipe, folder)
    data = load_data(recipe.corpus)
    _check(data, recipe.corpus)
    step("Loading the encoder", 0.0)
    network, tokenizer = _begin(recipe, data)
    taught = Lessons(recipe, network, TextEncoder(tokenizer), folder, step)
    learnt = taught.renew(data, recipe.start) if recipe.start else taught.learn(data)
    renewal.write(folder, learnt)
    return finish(recipe, network, tokenizer, data, folder, step)


def _like_its_start(recipe: Recipe, folder: Path) -> Recipe:
    """With as many layers as the bundle that it goes on from, which must be of the same encoder."""
    if recipe.start is None:
        return recipe
    if folder.resolve() == recipe.start.resolve():
        raise ConfigurationError(f"{folder} is what training would go on from: name another --output")
    bundle = bundles.read(recipe.start)
    if bundle.encoder != recipe.encoder:
        raise ConfigurationError(
            f"{recipe.start} was trained on {bundle.encoder or 'the packaged encoder'}, TRIAGE_ENCODER is"
            f" {recipe.encoder or 'not set'}: train a model anew, or set it to that"
        )
    return replace(recipe, layers=bundle.layers)


def _begin(recipe: Recipe, data: Data) -> tuple[TriageNetwork, Tokenizer]:
    """The network as the bundle has it that `recipe` goes on from, or on the pretrained encoder."""
    network, tokenizer = load_network(recipe.encoder, recipe.layers)
    if recipe.start:
        restore(network, bundles.read_weights(recipe.start, bundles.read(recipe.start)))
    else:
        some = data.train[:: max(1, len(data.train) // 512)]
        standardise(network, TextEncoder(tokenizer), PADDING, some)
    return network, tokenizer


class Lessons:
    """What a network is taught by a recipe; each lesson returns digests of all that was learnt from."""

    def __init__(
        self, recipe: Recipe, network: TriageNetwork, text: TextEncoder, folder: Path, step: Step
    ) -> None:
        self._recipe, self._network, self._text = recipe, network, text
        self._folder, self._step = folder, step
        self._questions = Questions(recipe.surveys) if recipe.surveys else None
        self._beside: list[Example] = []
        if recipe.third_party:
            self._beside, _ = thirdparty.load(recipe.third_party, recipe.first_pass.seed)

    def renew(self, data: Data, start: Path) -> renewal.Digests:
        """One cycle from the bundle in `start`, over what is new to it and some of what is not."""
        known = renewal.read(start)
        before = copied(self._network)
        gone_over = renewal.examples(data.train, data.second, known)
        self._train("Training on what is new", gone_over, renewal.SCHEDULE)
        combine(self._network, [copied(self._network)], before, renewal.KEPT)
        return renewal.united(known, data.train)

    def learn(self, data: Data) -> renewal.Digests:
        """The first pass over third-party text, then cycle by cycle."""
        recipe = self._recipe
        if self._beside:
            self._train("First pass", self._beside, recipe.first_pass, beside=())
        cycles = applicable(recipe.cycles, data.train, data.reread)
        begun: list[dict[str, Tensor]] = []
        ends: list[dict[str, Tensor]] = []
        met: set[str] = set()
        for number, cycle in enumerate(cycles, 1):
            examples, earlier = comments_of(cycle, data, recipe.share)
            met |= {one.id for one in examples}
            begun.append(copied(self._network))
            self._train(
                f"Training, cycle {number} of {len(cycles)}", examples, cycle.schedule, self._beside, earlier
            )
            ends.append(copied(self._network))
            combine(self._network, ends[-cycle.mean :], begun[-cycle.mean :][0], cycle.kept)
        return renewal.digests(one for one in data.train if one.id in met)

    def _train(
        self, name: str, examples: Sequence[Example], schedule: Schedule,
        beside: Sequence[Example] | None = None, earlier: Sequence[Example] = (),
    ) -> None:  # fmt: skip
        beside = self._beside if beside is None else beside
        told = _logged(name, self._folder, self._step)
        train(self._network, self._text, PADDING, examples, schedule, told, beside, self._questions, earlier)


def comments_of(cycle: Cycle, data: Data, share: float) -> tuple[list[Example], list[Example]]:
    """What a cycle goes over, and what it may draw from beside that.

    A cycle over second labels draws with these too, where there are any.
    """
    if not cycle.reread:
        return drawn(data.train, cycle, share), rehearsable(data.train, cycle, share)
    second = data.second
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
        name=recipe.name,
        encoder=recipe.encoder,
        layers=recipe.layers,
        questions=recipe.asks or (recipe.start is not None and bundles.read(recipe.start).questions),
        history=history.of(recipe, data),
        letters=True,
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
