from typing import Never

import pytest
import torch

from models.network import VIEWS, Logits, TriageNetwork
from tests.unit.training.examples import Letters, example, tiny
from training import train
from training.dataset import Example
from training.schedule import Schedule
from training.train import Average, combine, copied, learning
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, SENTIMENTS

CORPUS = [Example(id=f"en-b1-{number:03d}", text="A comment.", lang="en") for number in range(100)]


def test_training_goes_over_earlier_comments_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(Exception): ...

    def first_epoch(*given: object) -> Never:
        assert given[-1] is earlier
        raise Enough

    earlier = CORPUS[50:]
    network, text = torch.nn.Linear(1, 1), object()
    monkeypatch.setattr(train, "epoch_examples", first_epoch)
    monkeypatch.setattr(train, "parameter_groups", lambda network, _: list(network.parameters()))
    schedule = Schedule(epochs=1, rate=1e-4, rehearsed=0.2)
    with pytest.raises(Enough):
        train.train(network, text, 1, CORPUS[:50], schedule, lambda *_: None, earlier=earlier)  # type: ignore[arg-type]


class Flat(torch.nn.Module):
    """Answers everything alike; `apart` is moved by nothing but the loss between twins."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = torch.nn.Parameter(torch.zeros(1))
        self.apart = torch.nn.Parameter(torch.zeros(1))

    def forward(self, ids: torch.Tensor, *_: torch.Tensor) -> Logits:
        sizes = {"aspects": (len(CATEGORIES), 4), "sentiment": (len(SENTIMENTS),), "intent": (len(INTENTS),)}
        sizes |= {"language": (len(LANGUAGES) + 1,), "tokens": (ids.shape[1],)}
        tasks = ("aspects", "sentiment", "request", "intent", "urgent", "language", "tokens", "asks")
        return Logits(**{task: self.answer.expand(len(ids), *sizes.get(task, ())) for task in tasks})


@pytest.mark.parametrize("consistency", [0.0, 1.0])
def test_answering_variations_differently_costs_what_the_schedule_says(
    monkeypatch: pytest.MonkeyPatch, consistency: float
) -> None:
    network, twins = Flat(), []

    def disagreement(_: Logits, places: list[tuple[int, int]]) -> torch.Tensor:
        twins.extend(places)
        return network.apart.sum()

    monkeypatch.setattr(train, "disagreement", disagreement)
    monkeypatch.setattr(train, "parameter_groups", lambda network, _: list(network.parameters()))
    schedule = Schedule(epochs=1, rate=1e-4, consistency=consistency, cropped=0.0)
    train.train(network, Letters(), 0, CORPUS, schedule, lambda *_: None)  # type: ignore[arg-type]
    assert len(twins) == (100 if consistency else 0)
    assert (network.apart.item() < 0) == bool(consistency)


def trained(network: TriageNetwork, schedule: Schedule) -> TriageNetwork:
    train.train(network, Letters(), 0, [example()] * 64, schedule, lambda *_: None)  # type: ignore[arg-type]
    return network


@pytest.mark.parametrize("ability", ["avx512_bf16", "amx_bf16"])
def test_half_precision_is_for_processors_that_multiply_it(ability: str) -> None:
    plain = {"avx2": True, "avx512_f": True, ability: False, "cpu_name": "any"}
    assert not train.multiplies_bfloat16(plain)
    assert train.multiplies_bfloat16(plain | {ability: True})


def test_dropout_is_what_the_schedule_says() -> None:
    network = tiny()
    for share in (0.0, 0.1):
        trained(network, Schedule(epochs=1, rate=1e-4, dropout=share))
        assert {part.p for part in network.modules() if isinstance(part, torch.nn.Dropout)} == {share}


@pytest.mark.parametrize("consistency", [0.0, 1.0])
def test_where_intents_learn_alone_nothing_else_changes(consistency: float) -> None:
    network = tiny()
    before = copied(network)
    trained(network, Schedule(epochs=1, rate=1e-3, intents_alone=True, consistency=consistency))
    after = learning(network)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"heads.views.weight", "heads.intent.weight", "heads.intent.bias"}
    views = (before["heads.views.weight"] != after["heads.views.weight"]).any(dim=1)
    assert views.nonzero().flatten().tolist() == [VIEWS.index("intent")]


def test_intents_learn_alike_whatever_was_trained_before() -> None:
    network, fresh = trained(tiny(), Schedule(epochs=1, rate=1e-3)), tiny()
    fresh.load_state_dict(network.state_dict())
    schedule = Schedule(epochs=1, rate=1e-3, intents_alone=True)
    one, other = (copied(trained(start, schedule)) for start in (network, fresh))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_all_but_the_embeddings_learns_in_a_cycle_after_that() -> None:
    network = tiny()
    for alone in (True, False):
        train.parameter_groups(network, Schedule(epochs=1, rate=1e-3, intents_alone=alone))
    still = {name for name, one in network.named_parameters() if not one.requires_grad}
    assert still == {name for name, _ in network.named_parameters() if "embeddings" in name}


def test_the_mean_of_weights_is_taken_as_they_were_when_added() -> None:
    network, average = torch.nn.Linear(2, 1, bias=False), Average()
    for value in (1.0, 2.0, 6.0):
        torch.nn.init.constant_(network.weight, value)
        average.add(learning(network))
    average.write(network)
    assert network.weight.tolist() == [[3.0, 3.0]]


def test_ends_are_combined_with_a_share_of_where_they_began() -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    states = []
    for value in (1.0, 4.0, 6.0):
        torch.nn.init.constant_(network.weight, value)
        states.append(copied(network))
    for kept, expected in ((0.0, 5.0), (0.25, 4.0), (1.0, 1.0)):
        combine(network, states[1:], states[0], kept)
        assert network.weight.item() == pytest.approx(expected)
