"""From a corpus to a released bundle, top to bottom: first pass, training, quantisation, calibration."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from models import bundle as bundles
from models.bundle import Bundle
from models.network import TriageNetwork
from models.onnx_engine import open_engine
from models.predictor import Engine
from models.text import TextEncoder
from models.torch_engine import TorchEngine, extract, load_network, restore
from training import calibrate, history, ngrams, quantise, renewal
from training.data import Data, load_data
from training.dataset import Example
from training.lessons import Lessons
from training.questions import Questions
from training.recipe import Recipe
from training.train import Step, standardise
from training.unfinished import Unfinished
from training.windows import PADDING
from triage.errors import ConfigurationError, InvalidInput
from triage.spelling import spelt


def release(recipe: Recipe, folder: Path, step: Step) -> Bundle:
    """Trains by `recipe` and writes the bundle; the model card is written from it by `card.write`.

    A run that was stopped in `folder` goes on after the last cycle it finished.
    """
    recipe = _like_its_start(recipe, folder)
    data = load_data(recipe.corpus)
    _check(data, recipe.corpus)
    run = Unfinished(folder, recipe, data)
    step("Loading the encoder", 0.0)
    network, tokenizer = _begin(recipe, data)
    taught = Lessons(recipe, network, TextEncoder(tokenizer), folder, step)
    learnt = taught.renew(data, recipe.start) if recipe.start else taught.learn(data, run)
    renewal.write(folder, learnt)
    bundle = finish(recipe, network, tokenizer, data, folder, step)
    run.remove()
    return bundle


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
    torch.manual_seed(recipe.first_pass.seed)  # for the heads, which begin with chance weights
    network, tokenizer = load_network(recipe.encoder, recipe.layers)
    if recipe.start:
        restore(network, bundles.read_weights(recipe.start, bundles.read(recipe.start)))
    else:
        some = data.train[:: max(1, len(data.train) // 512)]
        standardise(network, TextEncoder(tokenizer), PADDING, some)
    return network, tokenizer


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
