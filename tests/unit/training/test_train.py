import random

import pytest
import torch

from models.network import Logits
from models.text import Window
from training import train
from training.dataset import Example
from training.train import (
    Average,
    Schedule,
    combine,
    copied,
    encode_targets,
    epoch_examples,
    learning,
    total_loss,
)  # fmt: skip
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, SENTIMENTS


def comment(number: int) -> Example:
    return Example(
        id=f"en-b1-{number:03d}", text=f"Comment number {number}.", lang="en", aspects={},
        sentiment="neutral", has_request=False, urgent=False,
    )  # fmt: skip


CORPUS = [comment(number) for number in range(100)]
FILMS = [Example(id="xed", text=f"line {n}", lang="en", polarity="negative") for n in range(50)]


def test_an_epoch_holds_every_comment_and_its_share_of_third_party_text() -> None:
    schedule = Schedule(epochs=1, rate=1e-4, beside=0.2, cropped=0.1, joined=0.0)
    drawn = epoch_examples(CORPUS, schedule, random.Random(1), FILMS)
    assert sum(one.id == "xed" for one in drawn) == 20
    assert {one.id for one in drawn} >= {one.id for one in CORPUS}
    assert len(drawn) == 100 + 10 + 20


def test_each_epoch_draws_other_third_party_text() -> None:
    schedule, rng = Schedule(epochs=2, rate=1e-4), random.Random(1)
    first, second = (
        {one.text for one in epoch_examples(CORPUS, schedule, rng, FILMS) if one.id == "xed"}
        for _ in range(2)
    )
    assert first != second


def test_there_is_never_more_third_party_text_than_was_given() -> None:
    schedule = Schedule(epochs=1, rate=1e-4, beside=0.9)
    drawn = epoch_examples(CORPUS, schedule, random.Random(1), FILMS)
    assert sum(one.id == "xed" for one in drawn) == len(FILMS)


def test_earlier_comments_join_anew_each_epoch() -> None:
    schedule, rng = Schedule(epochs=2, rate=1e-4, rehearsed=0.2, cropped=0.0, joined=0.0), random.Random(1)
    new, earlier = CORPUS[:50], CORPUS[50:]
    first, second = (
        {one.id for one in epoch_examples(new, schedule, rng, earlier=earlier)} for _ in range(2)
    )
    assert first & second >= {one.id for one in new}
    assert len(first) == len(second) == 60
    assert first != second
    assert len(epoch_examples(new, schedule, rng)) == 50


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


def test_a_weak_label_moves_praise_against_blame_only() -> None:
    sentiment = torch.zeros(1, len(SENTIMENTS), requires_grad=True)
    window = Window(text=0, ids=[0, 1, 2, 3], spans=[(0, 4)])
    total_loss(_logits(sentiment), encode_targets([window], FILMS[:1], 4)).backward()  # type: ignore[no-untyped-call]
    assert sentiment.grad is not None
    pull = dict(zip(SENTIMENTS, sentiment.grad[0].tolist(), strict=True))
    assert pull["negative"] < 0 < pull["positive"]
    assert pull["neutral"] == pull["mixed"] == 0


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


def _logits(sentiment: torch.Tensor) -> Logits:
    return Logits(
        aspects=torch.zeros(1, len(CATEGORIES), 4), sentiment=sentiment, request=torch.zeros(1),
        intent=torch.zeros(1, len(INTENTS)), urgent=torch.zeros(1),
        language=torch.zeros(1, len(LANGUAGES) + 1),
        tokens=torch.zeros(1, 4), asks=torch.zeros(1),
    )  # fmt: skip
