import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlmodel import Session, func, select

from models.stub import StubPredictor
from tests.factories import ASKING, NOW, PRAISE, FixedClock, response
from triage.db import Database
from triage.errors import Conflict, NotFound, Unavailable
from triage.intake import CHUNK, Intake, Routing
from triage.receipts import Receipt
from triage.records import to_response
from triage.routing import load_rules
from triage.tables import AspectRow, FindingRow, ResponseRow, TicketRow
from triage.types import Customer, Prediction, TicketEvent


class Jobs:
    """Keeps what was enqueued; what is rolled back was never delivered to it in earnest."""

    def __init__(self) -> None:
        self.enqueued: list[str] = []
        self.fails = False

    def enqueue(self, session: Session, ticket_id: str) -> None:
        assert session.get(TicketRow, ticket_id), "a job must come with its ticket"
        if self.fails:
            raise RuntimeError("no queue")
        self.enqueued.append(ticket_id)

    def comment(self, session: Session, comment_id: str) -> None:
        raise AssertionError("none of these customers writes twice about one problem")

    def announce(
        self, session: Session, ticket_id: str, event: TicketEvent, *, was_request: bool = True
    ) -> None:
        raise AssertionError("opening a ticket announces it by itself")

    def retry(self, session: Session, ticket_id: str) -> int:
        raise AssertionError("nothing is retried here")


class Predictor(StubPredictor):
    """Counts its calls and fails on comments that hold a word it is told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.fails_on: str | None = None

    def predict(
        self, texts: Sequence[str], questions: Sequence[str | None] | None = None
    ) -> list[Prediction]:
        self.texts += texts
        if self.fails_on is not None and any(self.fails_on in text for text in texts):
            raise ValueError(f"cannot read {texts}")
        return super().predict(texts, questions)


class World:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.predictor = Predictor()
        self.jobs = Jobs()
        self.clock = FixedClock()
        systems = frozenset({"inbox", "dynamics"})
        routing = Routing(rules=load_rules(None), systems=systems, jobs=self.jobs)
        self.intake = Intake(database, lambda: self.predictor, routing, self.clock)

    def count(self, table: type) -> int:
        with self.database.read() as session:
            return session.exec(select(func.count()).select_from(table)).one()

    def counts(self) -> tuple[int, int, int]:
        return self.count(ResponseRow), self.count(FindingRow), self.count(TicketRow)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_a_response_is_stored_whole(world: World) -> None:
    sent = response(
        question="Why?",
        survey="nps",
        locale="en-GB",
        channel="email",
        occurred_at=datetime(2026, 3, 4, 10, tzinfo=timezone(timedelta(hours=1))),
        customer=Customer(id="C", email="a@example.com", phone="1", name="Ω"),
        comment="line\nآهلا 👩‍👩‍👧 \u200b<b>hi</b> when?",
    )
    receipt = world.intake.accept("acme", sent)
    with world.database.read() as session:
        row = session.get_one(ResponseRow, receipt.response_id)
        assert to_response(row) == sent
        assert (row.client, row.state, row.received_at) == ("acme", "analysed", NOW)


def test_what_is_read_back_is_what_was_answered(world: World) -> None:
    receipt = world.intake.accept("acme", response())
    assert receipt.created
    assert receipt.finding
    assert receipt.finding.request
    assert receipt.ticket
    again = world.intake.find(receipt.response_id)
    assert again == replace(receipt, created=False)


def test_a_ticket_comes_with_its_job_and_one_for_the_inbox_has_arrived(world: World) -> None:
    remote = world.intake.accept("acme", response(country="IT")).ticket
    local = world.intake.accept("acme", response(external_id="r-2", country="SE")).ticket
    assert remote
    assert local
    assert (remote.system, remote.delivery, remote.delivered_at) == ("dynamics", "pending", None)
    assert (local.system, local.delivery, local.delivered_at) == ("inbox", "delivered", NOW)
    assert local.intended_system == "service_cloud"
    assert world.jobs.enqueued == [remote.id, local.id]


def test_without_its_job_nothing_is_stored(world: World) -> None:
    world.jobs.fails = True
    with pytest.raises(RuntimeError):
        world.intake.accept("acme", response())
    assert world.counts() == (0, 0, 0)
    world.jobs.fails = False
    assert world.intake.accept("acme", response()).created


def test_praise_opens_no_ticket(world: World) -> None:
    assert world.intake.accept("acme", response(comment=PRAISE)).ticket is None
    assert world.counts() == (1, 1, 0)


@pytest.mark.parametrize("comment", ["", "   ", "\u200b\u200d", "!!!", "\n\t"])
def test_wordless_comments_are_stored_without_asking_the_model(world: World, comment: str) -> None:
    receipt = world.intake.accept("acme", response(comment=comment, score=0))
    assert receipt.finding
    assert receipt.finding.language.code == "und"
    assert receipt.finding.aspects == ()
    assert receipt.ticket is None
    assert world.predictor.texts == []


def test_a_repeat_gets_the_first_result_without_the_model(world: World) -> None:
    first = world.intake.accept("acme", response())
    world.predictor.fails_on = ""
    world.clock.moment += timedelta(days=1)
    again = world.intake.accept("acme", response())
    assert again == replace(first, created=False)
    assert world.counts() == (1, 1, 1)


def test_the_same_moment_in_another_zone_is_a_repeat(world: World) -> None:
    utc = datetime(2026, 3, 4, 9, tzinfo=UTC)
    world.intake.accept("acme", response(occurred_at=utc))
    rome = utc.astimezone(timezone(timedelta(hours=1)))
    assert not world.intake.accept("acme", response(occurred_at=rome)).created


@pytest.mark.parametrize(
    "change",
    [
        {"comment": "Another"},
        {"score": 0},
        {"question": "Other?"},
        {"customer": Customer(id="C-2")},
        {"attributes": {}},
        {"occurred_at": NOW},
    ],
)
def test_another_body_is_a_conflict(world: World, change: dict[str, object]) -> None:
    world.intake.accept("acme", response())
    with pytest.raises(Conflict, match="'r-1'"):
        world.intake.accept("acme", response(**change))
    assert world.counts() == (1, 1, 1)


def test_clients_have_external_ids_of_their_own(world: World) -> None:
    one = world.intake.accept("acme", response())
    other = world.intake.accept("bcme", response(comment=PRAISE))
    assert other.created
    assert one.response_id != other.response_id


def at_once(calls: Sequence[Callable[[], Receipt]]) -> list[Receipt | Exception]:
    """Run `calls` in a thread each, starting together."""
    barrier = threading.Barrier(len(calls))
    outcomes: list[Receipt | Exception] = [Unavailable("not run")] * len(calls)

    def run(place: int) -> None:
        barrier.wait(10)
        try:
            outcomes[place] = calls[place]()
        except Exception as error:
            outcomes[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_of_racing_posts_one_wins_and_the_others_get_its_result(world: World) -> None:
    for round_ in range(5):
        sent = response(external_id=f"race-{round_}")
        outcomes = at_once([lambda sent=sent: world.intake.accept("acme", sent)] * 8)  # type: ignore[misc]
        receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
        assert len(receipts) == 8, outcomes
        assert sum(receipt.created for receipt in receipts) == 1
        assert len({(r.response_id, r.ticket and r.ticket.id) for r in receipts}) == 1
    assert world.counts() == (5, 5, 5)
    assert len(world.jobs.enqueued) == 5


def test_of_racing_posts_with_two_bodies_one_body_wins(world: World) -> None:
    bodies = [response(comment=ASKING), response(comment=PRAISE)] * 4
    outcomes = at_once([lambda sent=sent: world.intake.accept("acme", sent) for sent in bodies])  # type: ignore[misc]
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 4
    assert world.count(ResponseRow) == 1


def test_a_batch_gives_an_outcome_for_each_in_order(world: World) -> None:
    world.intake.accept("acme", response(external_id="old"))
    batch = [
        response(external_id="new"),
        response(external_id="old"),
        response(external_id="old", score=0),
        response(external_id="new"),
        response(external_id="new", score=1),
        response(external_id="praise", comment=PRAISE),
    ]
    outcomes = [*world.intake.accept_many("acme", batch)]
    kinds = [o.created if isinstance(o, Receipt) else "conflict" for o in outcomes]
    assert kinds == [True, False, "conflict", False, "conflict", True]
    assert world.counts() == (3, 3, 2)


def test_a_large_batch_is_stored_in_several_transactions(world: World) -> None:
    size = CHUNK * 2 + 1
    batch = [response(external_id=f"b-{number}") for number in range(size)]
    outcomes = [*world.intake.accept_many("acme", batch)]
    assert [o.external_id for o in outcomes if isinstance(o, Receipt)] == [r.external_id for r in batch]
    assert world.counts() == (size, size, size)
    assert world.count(AspectRow) == size * 2


def test_historical_responses_open_no_tickets(world: World) -> None:
    [outcome] = world.intake.accept_many("acme", [response()], historical=True)
    assert isinstance(outcome, Receipt)
    assert outcome.finding
    assert world.counts() == (1, 1, 0)


def test_what_cannot_be_analysed_is_stored_and_analysed_later(world: World) -> None:
    world.predictor.fails_on = "sofa"
    receipt = world.intake.accept("acme", response())
    assert (receipt.created, receipt.state, receipt.finding, receipt.ticket) == (
        True, "pending_analysis", None, None,
    )  # fmt: skip
    world.predictor.fails_on = None
    assert world.intake.analyse_pending() == 0, "not before its time"
    world.clock.moment += timedelta(seconds=30)
    assert world.intake.analyse_pending() == 1
    assert world.intake.analyse_pending() == 0
    done = world.intake.accept("acme", response())
    assert (done.created, done.state) == (False, "analysed")
    assert done.ticket
    assert world.jobs.enqueued == [done.ticket.id]


def test_one_bad_comment_spoils_none_of_its_batch(world: World) -> None:
    world.predictor.fails_on = "poison"
    batch = [
        response(external_id="a"),
        response(external_id="b", comment="poison"),
        response(external_id="c"),
    ]
    outcomes = [*world.intake.accept_many("acme", batch)]
    assert [o.state for o in outcomes if isinstance(o, Receipt)] == [
        "analysed", "pending_analysis", "analysed",
    ]  # fmt: skip


def test_attempts_grow_apart_and_a_command_tries_all_at_once(world: World) -> None:
    world.predictor.fails_on = ""
    batch = [response(external_id=f"p-{number}") for number in range(CHUNK + 5)]
    assert len([*world.intake.accept_many("acme", batch)]) == len(batch)
    waits = []
    for _ in range(9):
        with world.database.read() as session:
            rows = session.exec(select(ResponseRow.analyse_after)).all()
        waits.append((max(row for row in rows if row) - world.clock.moment).total_seconds())
        world.clock.moment += timedelta(days=1)
        assert world.intake.analyse_all_pending() == 0
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    world.predictor.fails_on = None
    assert world.intake.analyse_all_pending() == len(batch)
    assert world.intake.count_pending() == 0


def test_pending_historical_responses_open_no_ticket_later(world: World) -> None:
    world.predictor.fails_on = ""
    assert [*world.intake.accept_many("acme", [response()], historical=True)]
    world.predictor.fails_on = None
    assert world.intake.analyse_all_pending() == 1
    assert world.counts() == (1, 1, 0)


def test_of_two_replicas_that_finish_one_response_one_opens_the_ticket(world: World) -> None:
    world.predictor.fails_on = ""
    world.intake.accept("acme", response())
    world.predictor.fails_on = None
    threads = [threading.Thread(target=world.intake.analyse_all_pending) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert world.counts() == (1, 1, 1)
    assert len(world.jobs.enqueued) == 1


def test_while_the_model_loads_nothing_is_stored(database: Database) -> None:
    def loading() -> Predictor:
        raise Unavailable("the model is loading")

    intake = Intake(database, loading, Routing(rules=load_rules(None)), FixedClock())
    with pytest.raises(Unavailable):
        intake.accept("acme", response())
    assert intake.is_empty()


def test_an_unknown_response_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.intake.find("0" * 32)
