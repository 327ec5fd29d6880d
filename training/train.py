"""Fine-tunes the network: the loop, the learning rates, means of weights."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch
from torch import Tensor

from models.network import TriageNetwork
from models.text import TextEncoder, pad
from training.dataset import Example
from training.epochs import batches, epoch_examples, steps_of
from training.losses import WEIGHTS, disagreement, encode_targets, total_loss
from training.questions import Questions
from training.schedule import Schedule
from training.windows import hide

SHAPES = 8
"""Lengths are multiples of this: oneDNN compiles and keeps a kernel for every shape it meets."""
BF16: Final = ("avx512_bf16", "amx_bf16", "bf16")
"""What torch calls a processor's ability to multiply bfloat16; without, it is many times slower than fp32."""
Progress = Callable[[float, str], None]
Step = Callable[[str, float], None]
"""Told what is being done and how much of it is."""


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
    steps = steps_of(len(examples), schedule, beside, earlier)
    optimizer = torch.optim.AdamW(parameter_groups(network, schedule), weight_decay=0.01, fused=True)
    rates = _rates(optimizer, steps, max(1, int(steps * schedule.warmup)))
    average = Average()
    network.train()
    _set_dropout(network, schedule.dropout)
    halved = multiplies_bfloat16(torch.cpu.get_capabilities())
    tasks = ["intent"] if schedule.intents_alone else list(WEIGHTS)
    consistency = 0.0 if schedule.intents_alone else schedule.consistency
    losses: list[float] = []
    began, step, shown = time.monotonic(), 0, 0
    for epoch in range(schedule.epochs):
        drawn = epoch_examples(examples, schedule, rng, beside, questions, earlier)
        for batch in batches(drawn, text, schedule, rng):
            hidden = [hide(window, text.mask, schedule.masked, rng) for window in batch.windows]
            inputs = pad(hidden, padding, SHAPES)
            targets = encode_targets(batch.windows, batch.examples, inputs.input_ids.shape[1])
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=halved):
                logits = network(*(torch.from_numpy(array) for array in vars(inputs).values()))
            loss = total_loss(logits, targets, tasks)
            apart = consistency * disagreement(logits, batch.twins)
            network.zero_grad(set_to_none=True)  # clipping counts all, the optimizer's or not
            (loss + apart).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            rates.step()
            step, shown = step + 1, shown + len(batch.windows)
            if step >= steps * schedule.average_from:
                average.add(learning(network))
            losses.append(loss.item())
            if step % 20 == 0:
                speed = shown / (time.monotonic() - began)
                recent = sum(losses[-100:]) / len(losses[-100:])
                progress(
                    step / steps,
                    f"epoch {epoch + 1}/{schedule.epochs} loss {recent:.3f} {speed:.0f} texts/s",
                )
    average.write(network)
    network.eval()
    progress(1.0, f"loss {sum(losses[-100:]) / len(losses[-100:]):.3f}")


def multiplies_bfloat16(processor: Mapping[str, object]) -> bool:
    """Whether a processor with these abilities is faster with bfloat16 than with fp32."""
    return any(processor.get(ability) for ability in BF16)


def _set_dropout(network: torch.nn.Module, share: float) -> None:
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share


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
    """Heads at their own rate, each encoder layer below the top at a smaller one, embeddings frozen.

    Or what tells intents apart, and all else frozen: the intents' view (its bias is the same for every piece,
    so softmax drops it) and their own layer.
    """
    network.requires_grad_(not schedule.intents_alone)
    network.encoder.embeddings.requires_grad_(False)
    if schedule.intents_alone:
        heads = network.heads
        taught = [heads.views.weight, heads.intent.weight, heads.intent.bias]
        # The views of all tasks are one matrix: those that learn nothing must not decay.
        return [
            {"params": [p.requires_grad_() for p in taught], "lr": schedule.head_rate, "weight_decay": 0.0}
        ]
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
