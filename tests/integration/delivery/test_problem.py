"""A second request about the same order joins the open ticket."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from tests.integration.delivery.test_delivery import delivered
from tests.integration.delivery.world import World, eventually
from triage.tables import TicketCommentRow, TicketRow
from triage.tickets.problem import known_problems
from triage.types import Customer, SurveyResponse

pytestmark = pytest.mark.slow
ANNA = Customer(id="anna", email="anna@example.org")
ORDER = {"order_number": "48213"}


def comments(around: World) -> list[str]:
    with around.services.database.read() as session:
        return list(session.exec(select(TicketCommentRow.text)).all())


def test_the_second_request_is_a_comment_on_the_first_ones_case(running: World) -> None:
    first = running.post("a", customer=ANNA, attributes=ORDER)
    eventually(lambda: delivered(running, 1))
    second = running.post("b", comment="Still waiting! Please call.", customer=ANNA, attributes=ORDER)
    assert second.ticket is not None
    assert second.ticket.id == running.ticket(first).id
    notes = running.dataverse.tables["annotations"]
    eventually(lambda: notes)
    (note,) = notes.values()
    assert "Still waiting! Please call." in note["notetext"]
    assert len(running.dataverse.creates) == 1
    repeated = running.post("b", comment="Still waiting! Please call.", customer=ANNA, attributes=ORDER)
    assert repeated.ticket is not None
    assert (repeated.created, repeated.ticket.id) == (False, second.ticket.id)


def test_a_comment_waits_for_a_case_that_is_not_there_yet(around: World) -> None:
    around.post("a", customer=ANNA, attributes=ORDER)
    around.post("b", customer=ANNA, attributes=ORDER, comment="When is the delivery? Second question.")
    around.dataverse.faults.once("unavailable", "PATCH .*/incidents", times=2)
    around.start()
    eventually(lambda: around.dataverse.tables["annotations"], seconds=30)
    assert len(around.dataverse.creates) == 1


def test_a_case_closed_meanwhile_is_replaced_and_the_words_are_not_lost(running: World) -> None:
    first = running.post("a", customer=ANNA, attributes=ORDER)
    eventually(lambda: delivered(running, 1))
    old = running.ticket(first).remote_id
    assert old is not None
    running.delivery.upkeep.stop()  # it must not learn of it by reading back first
    running.dataverse.resolve(old, "Sent")
    running.post("b", comment="When is the delivery? It never came.", customer=ANNA, attributes=ORDER)
    eventually(lambda: running.ticket(first).remote_id != old, seconds=30)
    new = running.dataverse.incidents[running.ticket(first).remote_id or ""]
    assert "It never came." in new["description"]
    assert running.ticket(first).status == "open"


@pytest.mark.parametrize(
    "other",
    [
        {"customer": replace(ANNA, id="bert"), "attributes": ORDER},
        {"customer": ANNA, "attributes": {"order_number": "99"}},
        {"customer": Customer(), "attributes": ORDER},
        {"customer": ANNA, "attributes": {}},
    ],
)
def test_another_customer_or_another_order_is_another_ticket(around: World, other: dict[str, object]) -> None:
    first = around.post("a", customer=ANNA, attributes=ORDER)
    assert around.ticket(around.post("b", **other)).id != around.ticket(first).id


def test_a_resolved_or_an_old_ticket_is_joined_no_more(around: World) -> None:
    first = around.ticket(around.post("a", customer=ANNA, attributes=ORDER))
    with around.services.database.write() as session:
        session.get_one(TicketRow, first.id).status = "resolved"
    second = around.ticket(around.post("b", customer=ANNA, attributes=ORDER))
    assert second.id != first.id


def test_a_ticket_resolved_at_this_moment_is_joined_no_more(around: World) -> None:
    first = around.ticket(around.post("a", customer=ANNA, attributes=ORDER))
    with ThreadPoolExecutor(1) as pool:
        with around.services.database.write() as session:
            session.get_one(TicketRow, first.id).status = "resolved"
            session.flush()
            posting = pool.submit(around.post, "b", customer=ANNA, attributes=ORDER)
            time.sleep(0.5)  # it has come as far as the ticket, or waits for its turn
        assert around.ticket(posting.result()).id != first.id


def test_after_a_week_it_is_a_new_problem(around: World) -> None:
    first = around.ticket(around.post("a", customer=ANNA, attributes=ORDER))
    later = first.created_at + timedelta(days=8)
    with around.services.database.read() as session:
        assert known_problems(session, [first], first.created_at) == {first.problem: first}
        assert known_problems(session, [first], later) == {}


def test_two_at_once_open_one_ticket(around: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        receipts = pool.map(lambda n: around.post(f"r{n}", customer=ANNA, attributes=ORDER), range(8))
        tickets = {around.ticket(receipt).id for receipt in receipts}
    assert len(tickets) == 1
    assert len(comments(around)) == 7
    assert len([d for d in around.deliveries() if d.kind == "case"]) == 1


def test_the_more_urgent_of_both_counts(around: World) -> None:
    first = around.ticket(around.post("a", customer=ANNA, attributes=ORDER))
    around.post("b", comment="It is dangerous! When do you come?", customer=ANNA, attributes=ORDER)
    (now,) = around.tickets()
    assert (first.priority, now.priority) == ("normal", "urgent")
    assert now.due_at <= first.due_at
    assert [words.split(":")[0] for words in comments(around)] == ["URGENT"]


def test_a_follow_up_that_is_not_urgent_does_not_say_so(around: World) -> None:
    around.post("a", customer=ANNA, attributes=ORDER)
    around.post("b", comment="When do you come?", customer=ANNA, attributes=ORDER)
    assert [words.startswith("The customer wrote again.") for words in comments(around)] == [True]


def test_several_about_one_problem_in_one_batch(around: World) -> None:
    batch = [
        SurveyResponse(
            external_id=f"n{n}",
            country="IT",
            comment=f"{n}: when is the delivery?",
            customer=ANNA,
            attributes=ORDER,
        )
        for n in range(5)
    ]
    outcomes = list(around.services.intake.accept_many("test", batch))
    assert len({o.ticket.id for o in outcomes}) == 1  # type: ignore[union-attr]
