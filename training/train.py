"""Fine-tunes the network; reads top to bottom: data, batches, loss, schedule, loop."""

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.network import Logits, TriageNetwork
from models.text import LEAD, TextEncoder, Window, pad
from training.augment import cropped, join, vary
from training.dataset import Example
from training.questions import Questions
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, POLARITIES, SENTIMENTS, UNDETERMINED

SHAPES = 16
"""Lengths are multiples of this: oneDNN compiles and keeps a kernel for every shape it meets."""
IGNORE = -100
"""Marks what is not labelled: no loss comes from it."""
_SIDES = ("positive", "negative")
_SIDE_COLUMNS = [SENTIMENTS.index(side) for side in _SIDES]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how hard one pass trains."""

    epochs: int
    rate: float
    """Peak learning rate of the top encoder layer and above."""
    layer_decay: float = 0.9
    """Each lower layer learns at this share of the rate above it (Howard and Ruder 2018)."""
    head_rate: float = 1e-3
    warmup: float = 0.1
    """Share of all steps."""
    batch: int = 32
    augmented: bool = True
    joined: float = 0.15
    """Share of examples joined with another comment of the language."""
    cropped: float = 0.1
    """Few-word crops per example, which teach the language alone."""
    beside: float = 0.2
    """Third-party examples per comment of the corpus, drawn anew each epoch: ordinary words that it lacks."""
    rehearsed: float = 0.0
    """Earlier comments per comment of the cycle, drawn anew each epoch so that they are not forgotten."""
    asked: float = 0.0
    """Share of examples beside a survey's question, crops and third-party text too, if any is given."""
    masked: float = 0.08
    """Share of a comment's pieces hidden behind the mask that the encoder knows from its pretraining."""
    average_from: float = 0.7
    """Weights are averaged over the steps after this share (Izmailov et al. 2018)."""
    seed: int = 17


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Labels of B windows of T pieces as tensors; IGNORE or nan where unknown."""

    aspects: Tensor
    sentiment: Tensor
    polarity: Tensor
    request: Tensor
    intent: Tensor
    urgent: Tensor
    language: Tensor
    tokens: Tensor
    asks: Tensor


Progress = Callable[[float, str], None]


def train(
    network: TriageNetwork, text: TextEncoder, padding: int, examples: Sequence[Example],
    schedule: Schedule, progress: Progress, beside: Sequence[Example] = (),
    questions: Questions | None = None, earlier: Sequence[Example] = (),
) -> None:  # fmt: skip
    """Trains `network` in place on `examples`, and on draws from `beside` and `earlier`.

    `questions` stand beside some; `progress` hears the share done and a line of news.
    """
    torch.manual_seed(schedule.seed)
    rng = random.Random(schedule.seed)
    size = _size(len(examples) + _rehearsed(examples, earlier, schedule), schedule, beside)
    steps = schedule.epochs * math.ceil(size / schedule.batch)
    optimizer = torch.optim.AdamW(parameter_groups(network, schedule), weight_decay=0.01)
    rates = _rates(optimizer, steps, max(1, int(steps * schedule.warmup)))
    average = Average()
    network.train()
    losses: list[float] = []
    began, step = time.monotonic(), 0
    for epoch in range(schedule.epochs):
        drawn = epoch_examples(examples, schedule, rng, beside, questions, earlier)
        for windows, batch in batches(drawn, text, schedule.batch, rng):
            inputs = pad(
                [hide(window, text.mask, schedule.masked, rng) for window in windows], padding, SHAPES
            )
            targets = encode_targets(windows, batch, inputs.input_ids.shape[1])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = network(*(torch.from_numpy(array) for array in vars(inputs).values()))
            loss = total_loss(logits, targets)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            rates.step()
            step += 1
            if step >= steps * schedule.average_from:
                average.add(learning(network))
            losses.append(loss.item())
            if step % 20 == 0:
                speed = step * schedule.batch / (time.monotonic() - began)
                recent = sum(losses[-100:]) / len(losses[-100:])
                progress(
                    step / steps,
                    f"epoch {epoch + 1}/{schedule.epochs} loss {recent:.3f} {speed:.0f} comments/s",
                )
    average.write(network)
    network.eval()
    progress(1.0, f"loss {sum(losses[-100:]) / len(losses[-100:]):.3f}")


def _rates(optimizer: torch.optim.Optimizer, steps: int, warmup: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Up to the peak in `warmup` steps, then down in a line to a fiftieth of it."""
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.02, (steps - step) / max(1, steps - warmup)))
    )


def standardise(network: TriageNetwork, text: TextEncoder, padding: int, examples: Sequence[Example]) -> None:
    """Fits the heads' standardisation to what the encoder makes of a few hundred comments."""
    states = []
    windows = sorted(text.windows([example.text for example in examples]), key=lambda w: len(w.ids))
    for start in range(0, len(windows), 32):
        batch = pad(windows[start : start + 32], padding)
        ids, attention, comment = (torch.from_numpy(array) for array in vars(batch).values())
        with torch.inference_mode():
            hidden = network.encoder(input_ids=ids, attention_mask=attention).last_hidden_state
        states.append(hidden[comment.bool()].clone())
    network.heads.standardise(torch.cat(states))


def parameter_groups(network: TriageNetwork, schedule: Schedule) -> list[dict[str, object]]:
    """Heads at their own rate, each encoder layer below the top at a smaller one, embeddings frozen."""
    network.encoder.embeddings.requires_grad_(False)
    groups: list[dict[str, object]] = [{"params": list(network.heads.parameters()), "lr": schedule.head_rate}]
    for depth, layer in enumerate(reversed(list(network.layers))):
        groups.append({"params": list(layer.parameters()), "lr": schedule.rate * schedule.layer_decay**depth})
    return groups


class Average:
    """The running mean of weights, named as in `learning`."""

    def __init__(self) -> None:
        self._mean: dict[str, Tensor] = {}
        self._count = 0

    def add(self, weights: Mapping[str, Tensor]) -> None:
        """Takes these weights in; they may change afterwards."""
        self._count += 1
        for name, tensor in weights.items():
            if name not in self._mean:
                self._mean[name] = torch.zeros_like(tensor)
            self._mean[name].lerp_(tensor, 1 / self._count)

    def write(self, network: torch.nn.Module) -> None:
        """Puts the mean into `network`."""
        if self._count:
            network.load_state_dict(self._mean, strict=False)


def learning(network: torch.nn.Module) -> dict[str, Tensor]:
    """The present weights of all that learns, not copied."""
    return {n: p.detach() for n, p in network.named_parameters() if "embeddings" not in n}


def copied(network: torch.nn.Module) -> dict[str, Tensor]:
    """The present weights of all that learns, as they stay."""
    return {name: tensor.clone() for name, tensor in learning(network).items()}


def combine(
    network: torch.nn.Module, ends: Sequence[Mapping[str, Tensor]], start: Mapping[str, Tensor], kept: float
) -> None:
    """The mean of `ends`, and `start` with the share `kept` in it, become the weights."""
    mean = Average()
    for end in ends:
        mean.add(end)
    mean.write(network)
    for name, tensor in learning(network).items():
        tensor.lerp_(start[name], kept)


def epoch_examples(
    examples: Sequence[Example], schedule: Schedule, rng: random.Random, beside: Sequence[Example] = (),
    questions: Questions | None = None, earlier: Sequence[Example] = (),
) -> list[Example]:  # fmt: skip
    """One epoch's examples: shuffled, some joined with another of their language or asked, all varied.

    With a draw of `earlier` ones, lest these be forgotten (rehearsal, Robins 1995).
    """
    examples = [*examples, *rng.sample(earlier, _rehearsed(examples, earlier, schedule))]
    shuffled = rng.sample(examples, len(examples))
    if not schedule.augmented:
        return shuffled
    by_language: dict[str | None, list[Example]] = {}
    for example in shuffled:
        if example.aspects is not None and example.sentiment is not None:
            by_language.setdefault(example.lang, []).append(example)
    varied = [_varied(example, by_language, schedule.joined, rng) for example in shuffled]
    ours = [example for example in shuffled if example.lang != UNDETERMINED]
    varied += [cropped(rng.choice(ours), rng) for _ in range(_crops(len(examples), schedule))]
    varied += [vary(example, rng) for example in rng.sample(beside, _drawn(len(examples), schedule, beside))]
    if questions:
        varied = [questions.beside(one, rng) if rng.random() < schedule.asked else one for one in varied]
    rng.shuffle(varied)
    return varied


def _size(examples: int, schedule: Schedule, beside: Sequence[Example]) -> int:
    if not schedule.augmented:
        return examples
    return examples + _crops(examples, schedule) + _drawn(examples, schedule, beside)


def _rehearsed(examples: Sequence[Example], earlier: Sequence[Example], schedule: Schedule) -> int:
    return min(len(earlier), round(schedule.rehearsed * len(examples)))


def _crops(examples: int, schedule: Schedule) -> int:
    return round(schedule.cropped * examples)


def _drawn(examples: int, schedule: Schedule, beside: Sequence[Example]) -> int:
    return min(len(beside), round(schedule.beside * examples))


def _varied(
    example: Example, by_language: dict[str | None, list[Example]], joined: float, rng: random.Random
) -> Example:
    partners = by_language.get(example.lang, [])
    if partners and example.aspects is not None and example.lang != UNDETERMINED and rng.random() < joined:
        pair = [example, rng.choice(partners)]
        rng.shuffle(pair)
        example = join(pair[0], pair[1]) or example
    return vary(example, rng)


def batches(
    examples: Sequence[Example], text: TextEncoder, size: int, rng: random.Random
) -> Iterator[tuple[list[Window], list[Example]]]:
    """Batches of similar length in random order; of a long comment the window that asks, else the first."""
    chunk = size * 32
    for start in range(0, len(examples), chunk):
        part = examples[start : start + chunk]
        windows = one_window_each(text, part)
        order = sorted(range(len(part)), key=lambda i: len(windows[i].ids))
        groups = [order[i : i + size] for i in range(0, len(order), size)]
        rng.shuffle(groups)
        for group in groups:
            yield [windows[i] for i in group], [part[i] for i in group]


def hide(window: Window, mask: int, share: float, rng: random.Random) -> Window:
    """Every other window with some of the comment's pieces masked: the rest must tell what it is about."""
    if rng.random() < 0.5:
        return window
    ids = list(window.ids)
    for at in range(LEAD, LEAD + len(window.spans)):
        if rng.random() < share:
            ids[at] = mask
    return replace(window, ids=ids)


def one_window_each(text: TextEncoder, examples: Sequence[Example]) -> list[Window]:
    """Of a comment of several windows the one that asks, else the first."""
    chosen: dict[int, Window] = {}
    found = text.windows([e.text for e in examples], [e.question for e in examples])
    for window in found:
        asking = examples[window.text].span
        holds = asking and window.spans and window.spans[0][0] <= asking[0] < window.spans[-1][1]
        if window.text not in chosen or holds:
            chosen[window.text] = window
    return [chosen[i] for i in range(len(examples))]


def encode_targets(windows: Sequence[Window], examples: Sequence[Example], length: int) -> Targets:
    """The labels of a batch."""
    tokens = np.full((len(windows), length), np.nan, dtype=np.float32)
    for row, (window, example) in enumerate(zip(windows, examples, strict=True)):
        if example.has_request is False or example.span:
            start, end = example.span or (0, 0)
            marks = [float(s < end and e > start) for s, e in window.spans]
            tokens[row, LEAD : LEAD + len(marks)] = marks
    return Targets(
        aspects=torch.tensor([_aspect_classes(e) for e in examples]),
        sentiment=_classes([e.sentiment for e in examples], SENTIMENTS),
        polarity=_classes([e.polarity for e in examples], _SIDES),
        request=_floats([e.has_request for e in examples]),
        intent=_classes([e.request for e in examples], INTENTS),
        urgent=_floats([e.urgent for e in examples]),
        language=_classes([e.lang for e in examples], (*LANGUAGES, UNDETERMINED)),
        tokens=torch.from_numpy(tokens),
        asks=_floats([e.asks for e in examples]),
    )


def _aspect_classes(example: Example) -> list[int]:
    if example.aspects is None:
        return [IGNORE] * len(CATEGORIES)
    known = {category: 1 + POLARITIES.index(p) for category, p in example.aspects.items()}
    return [known.get(category, 0) for category in CATEGORIES]


def _classes(labels: Sequence[str | None], names: Sequence[str]) -> Tensor:
    return torch.tensor([IGNORE if label is None else names.index(label) for label in labels])


def _floats(labels: Sequence[bool | None]) -> Tensor:
    return torch.tensor([math.nan if label is None else float(label) for label in labels])


WEIGHTS = {
    "aspects": 15.0, "sentiment": 0.7, "polarity": 0.5, "request": 1.0, "intent": 0.7, "urgent": 0.7,
    "language": 0.3, "tokens": 1.5, "asks": 0.3,
}  # fmt: skip
"""How much each task counts; `aspects` is a mean over 15 categories, so this is their sum."""


def total_loss(logits: Logits, targets: Targets) -> Tensor:
    """The weighted sum over tasks; a task nobody labelled in this batch adds nothing."""
    parts = {
        "aspects": _cross_entropy(logits.aspects.flatten(0, 1), targets.aspects.flatten()),
        "sentiment": _cross_entropy(logits.sentiment, targets.sentiment),
        "polarity": _cross_entropy(logits.sentiment[:, _SIDE_COLUMNS], targets.polarity),
        "request": _binary(logits.request, targets.request),
        "intent": _cross_entropy(logits.intent, targets.intent),
        "urgent": _binary(logits.urgent, targets.urgent, positive=2.0),
        "language": _cross_entropy(logits.language, targets.language),
        "tokens": _binary(logits.tokens, targets.tokens),
        "asks": _binary(logits.asks, targets.asks),
    }
    return torch.stack([WEIGHTS[task] * loss for task, loss in parts.items()]).sum()


def _cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    known = classes != IGNORE
    if not known.any():
        return logits.sum() * 0.0
    return F.cross_entropy(logits[known], classes[known], label_smoothing=0.03)


def _binary(logits: Tensor, truth: Tensor, positive: float = 1.0) -> Tensor:
    known = ~truth.isnan()
    if not known.any():
        return logits.sum() * 0.0
    return F.binary_cross_entropy_with_logits(logits[known], truth[known], pos_weight=torch.tensor(positive))
