"""What an agent reads in the remote case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.delivery.conftest import COMMENT, decision, finding, response
from triage.delivery.record import address, build, cut, follow_up, of_queue, order_number, utf16
from triage.types import CaseRecord, Customer


def test_the_asking_sentence_comes_first_and_everything_is_there(record: CaseRecord) -> None:
    assert record.body.startswith("“quando lo consegnate?”\n")
    for words in (
        COMMENT, "staff (positive), delivery (negative)", "Sentiment: mixed", "Intent: order_status",
        "Language: it", "Urgency: normal", "Score: 4", "Touchpoint: delivery", "Store: Milano Duomo",
        "Order number: 48213", "Anna Rossi", "Anna.Rossi@example.org", "+39 02 1234", "M. Bianchi",
        "Due at: 2026-11-23T09:00:00Z", "Link: https://t.example/t/1", "Reasons: country is IT; asks",
        "Asked: Che cosa possiamo migliorare?",
    ):  # fmt: skip
        assert words in record.body
    assert record.facts["order_number"] == "48213"
    assert record.intent == "order_status"


def test_a_bare_response_without_a_finding_still_makes_a_case() -> None:
    bare = response(comment="", question=None, score=None, customer=Customer(), attributes={}, country=None)
    record = build(key="ab" * 16, response=bare, finding=None, decision=decision(), link="")
    assert "Customer:" not in record.body
    assert "Link" not in record.body
    assert record.intent is None
    assert "None" not in record.body


def test_control_characters_and_line_breaks_cannot_break_the_record() -> None:
    odd = response(comment="a\x00b\x1bc\nd", attributes={"order": "1\n2\r3"})
    record = build(key="ab" * 16, response=odd, finding=None, decision=decision(), link="")
    assert "abc\nd" in record.body
    assert record.facts["order_number"] == "1 23"


def test_what_dataverse_refuses_is_in_no_field_of_the_customer() -> None:
    odd = Customer(id="c\x007", email="a\ufffe@x.org", phone="\ud83d1\n2", name=" Anna\x0b\uffff Rossi ")
    record = build(key="ab" * 16, response=response(customer=odd), finding=None, decision=decision(), link="")
    assert record.customer == Customer(id="c7", email="a@x.org", phone="1 2", name="Anna Rossi")
    empty = response(customer=Customer(name="\x00"))
    record = build(key="ab" * 16, response=empty, finding=None, decision=decision(), link="")
    assert record.customer == Customer()


@pytest.mark.parametrize("text", ["n/a", "", None, "anna", "anna@", "a@b", "a b@x.org", "a@x.org, b@x.org"])
def test_what_is_no_address(text: str | None) -> None:
    assert address(text) is None


def test_an_address_stays_as_it_is() -> None:
    assert address("Anna.O'Hara@example.org") == "Anna.O'Hara@example.org"


@pytest.mark.parametrize("name", ["order_number", "Order Number", "orderId", "ORDER-NO", "order"])
def test_the_order_is_found_under_its_usual_names(name: str) -> None:
    assert order_number({name: "48213"}) == "48213"


def test_an_order_that_is_not_there() -> None:
    assert order_number({"reorder_reason": "x", "order_number": ""}) is None


def test_a_queue_is_chosen_by_name_then_area_then_the_rest() -> None:
    choices = {"france-benelux": "b", "france-benelux-returns": "a", "*": "c"}
    chosen = [of_queue(choices, q) for q in ("france-benelux-returns", "france-benelux-care", "italy-care")]
    assert chosen == ["a", "b", "c"]
    assert of_queue({}, "italy-care") is None


def test_cut_ends_at_a_word() -> None:
    assert cut("one two three", 13) == "one two three"
    assert cut("one two three", 10) == "one two…"
    assert cut("x" * 20, 10) == "x" * 9 + "…"


@given(text=st.text(), limit=st.integers(5, 60))
def test_cut_never_exceeds_its_limit_nor_splits_a_character(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert utf16(kept) <= limit
    assert kept == text or (kept.endswith("…") and text.startswith(kept[:-1].rstrip()))
    assert len(cut(text, limit, "utf-8").encode()) <= limit


def test_a_follow_up_says_that_the_customer_wrote_again() -> None:
    text = follow_up(response=response(), finding=finding(), link="https://t.example/t/1")
    assert text.startswith("The customer wrote again.\n\n“quando lo consegnate?”")
    assert COMMENT in text
    assert text.endswith("Link: https://t.example/t/1")


def test_an_urgent_follow_up_says_so_first() -> None:
    text = follow_up(response=response(), finding=finding(), link="", urgent=True)
    assert text.startswith("URGENT: the customer wrote again.\n\n“quando lo consegnate?”")
