import pytest
import torch

from training import train
from training.dataset import Example
from training.epochs import Schedule
from training.train import Average, combine, copied, learning

CORPUS = [Example(id=f"en-b1-{number:03d}", text="A comment.", lang="en") for number in range(100)]


def test_training_goes_over_earlier_comments_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(Exception): ...

    def first_epoch(*given: object) -> list[Example]:
        assert given[-1] is earlier
        raise Enough

    earlier = CORPUS[50:]
    network, text = torch.nn.Linear(1, 1), object()
    monkeypatch.setattr(train, "epoch_examples", first_epoch)
    monkeypatch.setattr(train, "parameter_groups", lambda network, _: list(network.parameters()))
    schedule = Schedule(epochs=1, rate=1e-4, rehearsed=0.2)
    with pytest.raises(Enough):
        train.train(network, text, 1, CORPUS[:50], schedule, lambda *_: None, earlier=earlier)  # type: ignore[arg-type]


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
