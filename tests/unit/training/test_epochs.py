import random
from collections.abc import Sequence
from typing import cast

import pytest

from models.text import LEAD, TextEncoder
from tests.unit.training.examples import Letters, plain
from training.dataset import Example
from training.epochs import Batch, batches, epoch_examples, steps_of
from training.schedule import Schedule


def comment(number: int) -> Example:
    return Example(
        id=f"en-b1-{number:03d}", text=f"Comment {'o' * number}.", lang="en", aspects={},
        sentiment="neutral", has_request=False, urgent=False,
    )  # fmt: skip


CORPUS = [comment(number) for number in range(100)]
FILMS = [Example(id=f"xed-{n}", text="a line " * n, lang="en", polarity="negative") for n in range(50)]
TWICE = Schedule(epochs=2, rate=1e-4, consistency=1.0, rehearsed=0.3, beside=0.3)


def batched(schedule: Schedule, examples: Sequence[Example] = CORPUS) -> list[Batch]:
    rng = random.Random(1)
    drawn = epoch_examples(examples, schedule, rng, FILMS, earlier=CORPUS[50:])
    return list(batches(drawn, cast(TextEncoder, Letters()), schedule, rng))


def test_an_epoch_holds_every_comment_and_its_share_of_third_party_text() -> None:
    schedule = Schedule(epochs=1, rate=1e-4, beside=0.2, cropped=0.1, joined=0.0)
    drawn = epoch_examples(CORPUS, schedule, random.Random(1), FILMS)
    assert sum(one.id.startswith("xed") for (one,) in drawn) == 20
    assert {one.id for (one,) in drawn} >= {one.id for one in CORPUS}
    assert len(drawn) == 100 + 10 + 20


def test_each_epoch_draws_other_third_party_text() -> None:
    schedule, rng = Schedule(epochs=2, rate=1e-4), random.Random(1)
    first, second = (
        {one.text for (one,) in epoch_examples(CORPUS, schedule, rng, FILMS) if one.id.startswith("xed")}
        for _ in range(2)
    )
    assert first != second


def test_there_is_never_more_third_party_text_than_was_given() -> None:
    schedule = Schedule(epochs=1, rate=1e-4, beside=0.9)
    drawn = epoch_examples(CORPUS, schedule, random.Random(1), FILMS)
    assert sum(one.id.startswith("xed") for (one,) in drawn) == len(FILMS)


def test_earlier_comments_join_anew_each_epoch() -> None:
    schedule, rng = Schedule(epochs=2, rate=1e-4, rehearsed=0.2, cropped=0.0, joined=0.0), random.Random(1)
    new, earlier = CORPUS[:50], CORPUS[50:]
    first, second = (
        {one.id for (one,) in epoch_examples(new, schedule, rng, earlier=earlier)} for _ in range(2)
    )
    assert first & second >= {one.id for one in new}
    assert len(first) == len(second) == 60
    assert first != second
    assert len(epoch_examples(new, schedule, rng)) == 50


def test_a_comment_stands_in_its_batch_once_or_in_two_orders_of_its_sentences() -> None:
    text = "Lovely shop. The till was slow."
    (once,) = epoch_examples([plain(text=text)], Schedule(epochs=1, rate=1e-4, cropped=0.0), random.Random(1))
    assert len(once) == 1
    schedule = Schedule(epochs=1, rate=1e-4, joined=0.0, cropped=0.0, consistency=1.0)
    for seed in range(20):
        ((kept, other),) = epoch_examples([plain(text=text)], schedule, random.Random(seed))
        assert (kept.text[0], other.text[0]) == ("L", "T")
        assert (kept.aspects, kept.sentiment) == (other.aspects, other.sentiment)


def test_one_sentence_cannot_be_turned() -> None:
    schedule = Schedule(epochs=1, rate=1e-4, joined=0.0, cropped=0.0, consistency=1.0)
    for seed in range(20):
        ((kept, other),) = epoch_examples([plain()], schedule, random.Random(seed))
        assert (kept.text[:2].lower(), other.text[:2].lower()) == ("lo", "lo")


def test_both_variations_have_the_partner_that_one_was_joined_with() -> None:
    schedule = Schedule(epochs=1, rate=1e-4, joined=1.0, cropped=0.0, consistency=1.0)
    parts = [plain(aspects={category: "positive"}) for category in ("store", "price", "website", "returns")]
    united = 0
    for seed in range(20):
        for one, other in epoch_examples(parts, schedule, random.Random(seed)):
            assert one.aspects == other.aspects
            united += len(one.aspects or ()) > 1
    assert united > 20


def test_crops_have_no_twin() -> None:
    """Other words of a comment need not be answered alike."""
    schedule = Schedule(epochs=1, rate=1e-4, cropped=0.5, consistency=1.0)
    assert sum(len(comment) == 1 for comment in epoch_examples(CORPUS, schedule, random.Random(1))) == 50


def test_twins_share_a_batch_and_are_named() -> None:
    pairs = 0
    for batch in batched(TWICE):
        assert len(batch.examples) <= TWICE.batch
        assert [len(window.ids) - LEAD for window in batch.windows] == [
            len(one.text) for one in batch.examples
        ]
        assert len({place for twins in batch.twins for place in twins}) == 2 * len(batch.twins)
        for one, other in batch.twins:
            first, second = batch.examples[one], batch.examples[other]
            assert (first.id, first.aspects, first.polarity) == (second.id, second.aspects, second.polarity)
            pairs += 1
    assert pairs == 130 + 39
    assert not any(batch.twins for batch in batched(Schedule(epochs=1, rate=1e-4)))


@pytest.mark.parametrize(
    "schedule",
    [
        TWICE,
        Schedule(epochs=3, rate=1e-4),
        Schedule(epochs=1, rate=1e-4, batch=3, consistency=1.0),
    ],
)
def test_steps_are_counted_before(schedule: Schedule) -> None:
    counted = steps_of(len(CORPUS), schedule, FILMS, CORPUS[50:])
    assert counted == schedule.epochs * len(batched(schedule))
