from datetime import timedelta
from typing import Any

import pytest

from tests.factories import NOW, aspect, finding, request, response
from triage.routing import decide, load_rules, parse_rules
from triage.routing.decide import _TESTS
from triage.routing.rules import Conditions, Rules
from triage.types import Decision, Finding, LanguageFinding, SurveyResponse

ALL = ("dynamics", "service_cloud", "inbox")
RULES = load_rules(None)


def decision(found: Finding, answered: SurveyResponse, rules: Rules = RULES) -> Decision | None:
    return decide(found, answered, rules, now=NOW, systems=ALL)


def rules_with(rule: str) -> Rules:
    """One area open all day, a rule under test that leads to `hit`, and one for the rest."""
    return parse_rules(
        f"""
version: 1
areas:
  all: {{countries: "*", system: inbox, time_zone: UTC, hours: {{mon-sun: "00:00-23:59"}}}}
queues:
  hit: {{due: {{normal: 2h}}}}
  miss: {{due: {{normal: 2h}}}}
rules:
  - {{name: under test, when: {rule}, queue: hit}}
  - {{name: rest, queue: miss}}
""",
        "test.yaml",
    )


@pytest.mark.parametrize(
    ("found", "answered", "opens"),
    [
        (finding(request=request()), response(score=10), True),
        (finding(urgent=True), response(score=10), True),
        (finding(abstained=("request",)), response(score=10), True),
        (finding(), response(score=4), True),
        (finding(), response(score=5), False),
        (finding(), response(score=None), False),
        (finding(), response(score=0, comment=""), False),
        (finding(), response(score=0, comment=" \u200b👎!"), False),
        (finding(abstained=("sentiment",)), response(score=9), False),
    ],
)
def test_what_opens_a_ticket(found: Finding, answered: SurveyResponse, opens: bool) -> None:
    assert (decision(found, answered) is not None) is opens


@pytest.mark.parametrize(
    ("condition", "found", "answered", "hits"),
    [
        ("{country: [IT]}", {}, {"country": "IT"}, True),
        ("{country: [IT]}", {}, {"country": None}, False),
        ("{touchpoint: [delivery, store]}", {}, {"touchpoint": "store"}, True),
        ("{touchpoint: [delivery]}", {}, {"touchpoint": "store"}, False),
        ("{survey: [nps]}", {}, {"survey": "nps"}, True),
        ("{channel: [sms]}", {}, {"channel": "email"}, False),
        ("{score: {below: 3}}", {}, {"score": 2}, True),
        ("{score: {below: 3}}", {}, {"score": 3}, False),
        ("{score: {at_least: 9}}", {}, {"score": 9}, True),
        ("{score: {at_least: 9}}", {}, {"score": None}, False),
        ("{request: false}", {"request": None}, {"score": 0}, True),
        ("{request: false}", {}, {}, False),
        ("{intent: [privacy, order_status]}", {}, {}, True),
        ("{intent: [privacy]}", {}, {}, False),
        ("{aspects: [delivery]}", {"aspects": (aspect("delivery", "neutral"),)}, {}, True),
        ("{aspects: [delivery:negative]}", {"aspects": (aspect("delivery", "neutral"),)}, {}, False),
        ("{aspects: [price, delivery:negative]}", {"aspects": (aspect("delivery"),)}, {}, True),
        ("{sentiment: [mixed]}", {"sentiment": "mixed"}, {}, True),
        ("{sentiment: [mixed]}", {"sentiment": "positive"}, {}, False),
        ("{urgent: true}", {"urgent": True}, {}, True),
        ("{urgent: false}", {"urgent": True}, {}, False),
        ("{language: [en, und]}", {}, {}, True),
        ("{language: [it]}", {}, {}, False),
        ("{unsure: [request]}", {"abstained": ("request",)}, {}, True),
        ("{unsure: [request]}", {"abstained": ("intent",)}, {}, False),
        ("{country: [IT], urgent: true}", {"urgent": False}, {"country": "IT"}, False),
    ],
)
def test_conditions(condition: str, found: dict[str, Any], answered: dict[str, Any], hits: bool) -> None:
    made = decision(finding(**{"request": request()} | found), response(**answered), rules_with(condition))
    assert made is not None
    assert made.queue == ("all-hit" if hits else "all-miss")


def test_every_condition_is_tested_when_routing() -> None:
    assert set(_TESTS) == set(Conditions.model_fields)


def test_the_first_rule_that_matches_decides() -> None:
    made = decision(finding(request=request(), urgent=True), response())
    assert made is not None
    assert (made.queue, made.priority) == ("italy-urgent", "urgent")
    assert made.due_at == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("country", "language", "queue", "system"),
    [
        ("IT", "it", "italy-orders", "dynamics"),
        ("IT", "und", "italy-orders", "dynamics"),
        ("IT", "pl", "international-orders", "service_cloud"),
        ("SE", "sv", "nordics-orders", "service_cloud"),
        ("JP", "en", "international-orders", "service_cloud"),
        (None, "de", "international-orders", "service_cloud"),
    ],
)
def test_the_area_is_the_country_s_unless_it_cannot_read_the_comment(
    country: str | None, language: str, queue: str, system: str
) -> None:
    found = finding(request=request(), language=LanguageFinding(code=language, confidence=0.9))
    made = decision(found, response(country=country))
    assert made is not None
    assert (made.queue, made.system) == (queue, system)


def test_a_system_that_is_not_configured_leaves_its_ticket_in_the_inbox() -> None:
    made = decide(finding(request=request()), response(), RULES, now=NOW, systems={"inbox"})
    assert made is not None
    assert (made.system, made.intended_system) == ("inbox", "dynamics")
    assert "dynamics is not configured here: kept in the inbox" in made.reasons


def test_reasons_tell_the_whole_way() -> None:
    made = decision(finding(request=request()), response())
    assert made is not None
    assert made.reasons == (
        "asks for something: order_status",
        "country IT: italy",
        "rule: Orders on their way",
    )


@pytest.mark.parametrize(
    ("found", "comment", "subject"),
    [
        (finding(request=request()), "", "Order status: When do you deliver it?"),
        (finding(urgent=True), "It  burns\nme", "Urgent: Feedback: It burns me"),
        (finding(urgent=True), "word " * 100, f"Urgent: Feedback: {'word ' * 23}word…"),
        (finding(urgent=True), "x" * 500, f"Urgent: Feedback: {'x' * 120}…"),
    ],
)
def test_the_subject_is_one_short_line(found: Finding, comment: str, subject: str) -> None:
    made = decision(found, response(comment=comment))
    assert made is not None
    assert made.subject == subject
