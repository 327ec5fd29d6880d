import pytest
import torch

from models.network import Logits
from models.text import Window
from training.dataset import Example
from training.losses import WEIGHTS, disagreement, encode_targets, total_loss
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, SENTIMENTS


def test_a_weak_label_moves_praise_against_blame_only() -> None:
    film = Example(id="xed", text="a line", lang="en", polarity="negative")
    sentiment = torch.zeros(1, len(SENTIMENTS), requires_grad=True)
    window = Window(text=0, ids=[0, 1, 2, 3], spans=[(0, 4)])
    total_loss(_logits(sentiment), encode_targets([window], [film], 4)).backward()  # type: ignore[no-untyped-call]
    assert sentiment.grad is not None
    pull = dict(zip(SENTIMENTS, sentiment.grad[0].tolist(), strict=True))
    assert pull["negative"] < 0 < pull["positive"]
    assert pull["neutral"] == pull["mixed"] == 0


@pytest.mark.parametrize("task", ["aspects", "sentiment", "request", "urgent"])
def test_twins_are_drawn_towards_each_other(task: str) -> None:
    answers = _logits(torch.zeros(3, len(SENTIMENTS)))
    answer = getattr(answers, task).requires_grad_()
    with torch.no_grad():
        answer.view(3, -1)[:, 0] = torch.tensor([2.0, 9.0, -2.0])
    assert disagreement(answers, [(0, 0), (2, 2)]).item() == 0
    apart = disagreement(answers, [(0, 2)])
    assert apart.item() > 0
    apart.backward()  # type: ignore[no-untyped-call]
    first, other, second = answer.grad.view(3, -1)[:, 0].tolist()
    assert first > 0 > second
    assert other == 0, "no twin of either"


def test_how_far_apart_twins_are_is_weighed_by_task() -> None:
    """Probabilities of 0.88 and 0.12: half of (0.88 - 0.12) times the 4 between their logits, both ways."""
    answers = _logits(torch.zeros(4, len(SENTIMENTS)))
    answers.request[:2] = torch.tensor([2.0, -2.0])
    assert disagreement(answers, [(0, 1)]).item() == pytest.approx(1.523, abs=1e-3)
    assert disagreement(answers, [(0, 1), (2, 3)]).item() == pytest.approx(1.523 / 2, abs=1e-3)
    answers.urgent[:2] = torch.tensor([2.0, -2.0])
    assert disagreement(answers, [(0, 1)]).item() == pytest.approx(1.523 * (1 + WEIGHTS["urgent"]), abs=2e-3)


def test_twins_may_be_named_in_either_order() -> None:
    answers = _logits(torch.randn(2, len(SENTIMENTS), generator=torch.Generator().manual_seed(1)))
    assert disagreement(answers, [(0, 1)]).item() == pytest.approx(disagreement(answers, [(1, 0)]).item())


def test_without_twins_nothing_disagrees() -> None:
    answer = torch.randn(1, len(SENTIMENTS), requires_grad=True)
    apart = disagreement(_logits(answer), [])
    apart.backward()  # type: ignore[no-untyped-call]
    assert apart.item() == 0
    assert answer.grad is not None
    assert not answer.grad.any()


def _logits(sentiment: torch.Tensor) -> Logits:
    count = len(sentiment)
    return Logits(
        aspects=torch.zeros(count, len(CATEGORIES), 4), sentiment=sentiment, request=torch.zeros(count),
        intent=torch.zeros(count, len(INTENTS)), urgent=torch.zeros(count),
        language=torch.zeros(count, len(LANGUAGES) + 1),
        tokens=torch.zeros(count, 4), asks=torch.zeros(count),
    )  # fmt: skip
