"""From a posted response to the case in its system, on both databases."""

import logging
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from tests.integration.delivery.world import ASKS, PUBLIC_URL, World, eventually
from triage.jobs import upkeep
from triage.jobs.courier import Courier
from triage.tables import DeliveryRow, TicketRow
from triage.tickets.lifecycle import Change, change
from triage.tickets.queries import TicketFilter, list_tickets

pytestmark = pytest.mark.slow


def delivered(around: World, how_many: int) -> bool:
    return sum(t.delivery == "delivered" for t in around.tickets()) == how_many


def test_a_post_becomes_a_case_in_its_system(running: World) -> None:
    italy, britain = running.post("it-1"), running.post("gb-1", "GB")
    eventually(lambda: delivered(running, 2))
    ticket = running.ticket(italy)
    assert (ticket.system, ticket.error) == ("dynamics", None)
    assert running.dataverse.creates == [ticket.key]
    assert ticket.remote_id in running.dataverse.incidents
    assert "/main.aspx" in (ticket.remote_url or "")
    assert running.salesforce.creates == [running.ticket(britain).key]
    (attempt,) = [a for a in running.attempts() if a.replica == "main" and a.status == 201][:1]
    assert (attempt.number, attempt.outcome) == (1, "delivered")


def test_events_are_announced_and_signed(running: World) -> None:
    receipt = running.post("it-1")
    eventually(lambda: len(running.receiver.messages) == 2)
    kinds = sorted(m["type"] for m in running.receiver.messages.values())
    assert kinds == ["ticket.created", "ticket.delivered"]
    ticket = running.ticket(receipt)
    assert all(m["data"]["id"] == ticket.id for m in running.receiver.messages.values())
    assert running.receiver.refused == 0


def test_what_fails_for_a_moment_is_sent_once_in_the_end(running: World) -> None:
    running.dataverse.faults.once("drop_after", "PATCH .*/incidents")
    running.dataverse.faults.once("unavailable", "PATCH .*/incidents")
    receipt = running.post("it-1")
    eventually(lambda: delivered(running, 1))
    assert running.dataverse.creates == [running.ticket(receipt).key]
    case = next(d for d in running.deliveries() if d.kind == "case")
    outcomes = [a.outcome for a in running.attempts() if a.delivery_id == case.id]
    assert sorted(outcomes) == ["delivered", "network", "overloaded"]


def test_a_refusal_is_a_dead_letter_until_somebody_sends_it_again(running: World) -> None:
    running.dataverse.faults.once("forbidden", "PATCH .*/incidents", times=1)
    receipt = running.post("it-1")
    eventually(lambda: running.ticket(receipt).delivery == "failed")
    assert "prvCreateIncident" in (running.ticket(receipt).error or "")
    with running.services.database.write() as session:
        assert running.delivery.outbox.retry(session, running.ticket(receipt).id) == 1
    eventually(lambda: delivered(running, 1))
    assert running.ticket(receipt).error is None
    assert len(running.dataverse.creates) == 1


def test_told_to_wait_nobody_comes_early_and_the_queue_resumes_by_itself(running: World) -> None:
    running.dataverse.retry_after = 3
    # What was on its way when the pause was told may take this long to arrive on a machine that is busy.
    running.dataverse.pauses.grace = 1.0
    running.dataverse.faults.once("throttled", "PATCH .*/incidents")
    for n in range(12):
        running.post(f"it-{n}")
    eventually(lambda: delivered(running, 12))
    assert running.dataverse.pauses.told == 1
    assert (running.dataverse.pauses.early, running.dataverse.pauses.early_of_same_key) == (0, 0)


def test_a_system_that_is_down_is_parked_and_the_other_goes_on(running: World) -> None:
    running.dataverse.faults.outage(6)
    for n in range(10):
        running.post(f"it-{n}")
        running.post(f"gb-{n}", "GB")
    eventually(lambda: len(running.salesforce.creates) == 10, seconds=5)
    asked = len(running.dataverse.seen)
    eventually(lambda: delivered(running, 20), seconds=40)
    assert asked < 40, "a parked system was asked again and again"
    assert sorted(running.dataverse.creates) == sorted(
        t.key for t in running.tickets() if t.system == "dynamics"
    )


def test_nothing_is_sent_for_a_transaction_that_fails(running: World) -> None:
    receipt = running.post("it-1")
    eventually(lambda: delivered(running, 1))
    with suppress(LookupError), running.services.database.write() as session:
        running.delivery.outbox.announce(session, running.ticket(receipt).id, "ticket.resolved")
        raise LookupError
    running.post("it-2")
    eventually(lambda: delivered(running, 2))
    assert all(m["type"] != "ticket.resolved" for m in running.receiver.messages.values())


def test_a_twin_of_a_job_changes_nothing(running: World) -> None:
    receipt = running.post("it-1")
    eventually(lambda: delivered(running, 1))
    case = next(d for d in running.deliveries() if d.kind == "case")

    def seen() -> tuple[TicketRow, int]:  # of the case alone: events are sent meanwhile
        return running.ticket(receipt), sum(a.delivery_id == case.id for a in running.attempts())

    before = seen()
    for turn in range(3):
        running.delivery._courier.run(case.id, turn)
    assert seen() == before
    assert before[1] == 1


def test_a_delivery_whose_job_was_lost_is_started_again(running: World) -> None:
    receipt = running.post("it-1")
    eventually(lambda: delivered(running, 1))
    case = next(d for d in running.deliveries() if d.kind == "case")
    with running.services.database.write() as session:
        row = session.get_one(DeliveryRow, case.id)
        row.state, row.next_at = "pending", datetime.now(UTC) - timedelta(minutes=6)
        row.turn = 77
        session.add(row)
    eventually(lambda: next(d for d in running.deliveries() if d.kind == "case").turn > 78)
    eventually(lambda: next(d for d in running.deliveries() if d.kind == "case").state == "delivered")
    assert running.dataverse.creates == [running.ticket(receipt).key]


def test_a_comment_that_waits_for_a_failed_case_does_not_hide_why_it_failed(running: World) -> None:
    running.dataverse.faults.once("forbidden", "PATCH .*/incidents")
    receipt = running.post("it-1")
    eventually(lambda: running.ticket(receipt).delivery == "failed")
    with running.services.database.write() as session:
        wanted = Change(author="eva", comment="Who looks at this?")
        change(session, running.ticket(receipt).id, wanted, running.delivery.outbox, datetime.now(UTC))
    (comment,) = (d for d in running.deliveries() if d.kind == "comment")
    assert comment.state == "waiting"
    ticket = running.ticket(receipt)
    assert (ticket.delivery, "prvCreateIncident" in (ticket.error or "")) == ("failed", True)
    with running.services.database.write() as session:
        assert running.delivery.outbox.retry(session, ticket.id) == 1
    eventually(lambda: running.dataverse.tables["annotations"])
    eventually(lambda: all(d.state == "delivered" for d in running.deliveries()))


def test_a_comment_without_a_case_runs_no_job_until_the_case_is_there(around: World) -> None:
    receipt, now = around.post("it-1"), datetime.now(UTC)
    with around.services.database.write() as session:
        wanted = Change(author="eva", comment="Still here?")
        change(session, around.ticket(receipt).id, wanted, around.delivery.outbox, now)
    (case,) = (d for d in around.deliveries() if d.kind == "case")
    (comment,) = (d for d in around.deliveries() if d.kind == "comment")
    assert around.delivery.engine.active([(case.id, 0), (comment.id, 0)]) == {(case.id, 0)}
    with around.services.database.write() as session:
        session.get_one(DeliveryRow, comment.id).state = "pending"
    around.delivery._courier.run(comment.id, 0)  # a job of an earlier release, which did not know of waiting
    (later,) = (d for d in around.deliveries() if d.kind == "comment")
    assert (later.state, later.turn, later.attempts) == ("waiting", 1, 0)
    around.start()
    eventually(lambda: around.dataverse.tables["annotations"])


def test_an_event_that_fails_for_good_shows_at_its_ticket_until_it_is_sent_again(running: World) -> None:
    running.receiver.faults.once("refused")
    receipt = running.post("it-1")
    eventually(lambda: delivered(running, 1) and running.ticket(receipt).error)
    ticket = running.ticket(receipt)
    assert re.match(r"ticket\.(created|delivered): 410", ticket.error or "")
    with running.services.database.read() as session:
        found = list_tickets(session, TicketFilter(delivery="failed"), limit=10)
    assert [view.ticket.id for view in found.items] == [ticket.id]
    with running.services.database.write() as session:
        assert running.delivery.outbox.retry(session, ticket.id) == 1
    eventually(lambda: running.ticket(receipt).error is None)
    eventually(lambda: len(running.receiver.messages) == 2)
    assert running.ticket(receipt).delivery == "delivered"


def test_lost_jobs_are_looked_for_behind_any_number_that_only_wait(
    around: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_PAGE", 3)
    for n in range(4):
        around.post(f"it-{n}")
    long_ago = datetime.now(UTC) - timedelta(minutes=10)
    with around.services.database.write() as session:
        rows = session.exec(select(DeliveryRow).order_by(DeliveryRow.id)).all()
        for row in rows:
            row.next_at = long_ago
        rows[-1].turn = 7  # its job has another turn: it was lost
        session.add_all(rows)
    restarted = [around.delivery.upkeep._restart_lost() for _ in range(4)]
    assert sum(restarted) == 1
    assert [row.turn for row in around.deliveries() if row.turn] == [8]


def test_the_link_in_a_case_shows_its_ticket_to_the_agent(running: World) -> None:
    receipt = running.post("it-1")
    eventually(lambda: delivered(running, 1))
    (case,) = running.dataverse.incidents.values()
    (path,) = re.findall(rf"{PUBLIC_URL}(/t/\w+)", case["description"])
    page = TestClient(create_app(running.services)).get(path)
    assert page.status_code == 200
    assert f"<mark>{ASKS}</mark>" in page.text
    assert running.ticket(receipt).queue in page.text


def test_no_fault_of_ours_puts_the_customers_words_into_the_log(
    around: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"cannot read {ASKS}")

    monkeypatch.setattr(Courier, "_send", fail)
    around.post("it-1")
    (case,) = (d for d in around.deliveries() if d.kind == "case")
    with caplog.at_level(logging.DEBUG):
        around.delivery._courier.run(case.id, case.turn)
    assert "ValueError" in caplog.text
    assert ASKS not in caplog.text
