from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.factories import body

RESPONSES = {
    "italy": body(external_id="italy"),
    "sweden": body(external_id="sweden", country="SE"),
    "refund": body(external_id="refund", comment="Please refund the lamp.", country="GB", score=8),
    "urgent": body(external_id="urgent", comment="The lamp burns, I call my lawyer", country="IT"),
    "complaint": body(external_id="complaint", comment="The staff was rude.", country="IT", score=1),
    "italian": body(external_id="italian", comment="Il divano è in ritardo, quando arriva?", country="IT"),
}


@pytest.fixture
def posted(client: TestClient) -> TestClient:
    for response in RESPONSES.values():
        assert client.post("/v1/responses", json=response).json()["ticket"], response
    return client


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["response"]["external_id"] for item in answer["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [*reversed(RESPONSES)]),
        ("status=open", [*reversed(RESPONSES)]),
        ("status=resolved", []),
        ("queue=nordics-orders", ["sweden"]),
        ("category=staff", ["complaint"]),
        ("category=delivery", ["sweden", "italy"]),
        ("intent=return_refund", ["refund"]),
        ("language=it", ["italian"]),
        ("language=und", []),
        ("country=GB", ["refund"]),
        ("country=gb", ["refund"]),
        ("country=IT&category=delivery&status=open", ["italy"]),
        ("system=inbox&delivery=delivered&limit=1", ["italian"]),
        ("system=dynamics", []),
        ("since=2020-01-01T00:00:00Z", [*reversed(RESPONSES)]),
        ("since=0001-01-01T00:00:00%2B14:00", [*reversed(RESPONSES)]),
        ("since=2090-01-01T00:00:00Z", []),
    ],
)
def test_filters(posted: TestClient, query: str, found: list[str]) -> None:
    assert ids(posted.get(f"/v1/tickets?{query}").json()) == found


def test_since_leaves_out_what_was_opened_before(posted: TestClient) -> None:
    newest = posted.get("/v1/tickets").json()["items"][0]["created_at"]
    assert ids(posted.get("/v1/tickets", params={"since": newest}).json()) == ["italian"]


@pytest.mark.parametrize("limit", [1, 2, 4, 6, 7])
def test_pages_are_disjoint_and_complete(posted: TestClient, limit: int) -> None:
    seen: list[str] = []
    query: dict[str, str | int] = {"limit": limit}
    for _ in range(10):
        page = posted.get("/v1/tickets", params=query).json()
        assert len(page["items"]) <= limit
        seen += ids(page)
        # One more arrives while we read: it must shift nothing.
        posted.post("/v1/responses", json=body(external_id=f"late-{len(seen)}-{limit}"))
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [*reversed(RESPONSES)]


def test_filters_and_pages_go_together(posted: TestClient) -> None:
    first = posted.get("/v1/tickets?category=delivery&limit=1").json()
    rest = posted.get(f"/v1/tickets?category=delivery&limit=1&cursor={first['next_cursor']}").json()
    assert ids(first) + ids(rest) == ["sweden", "italy"]
    assert rest["next_cursor"] is None


def test_a_ticket_holds_all_that_an_agent_needs(posted: TestClient) -> None:
    listed = posted.get("/v1/tickets?country=SE").json()["items"][0]
    ticket = posted.get(f"/v1/tickets/{listed['id']}").json()
    assert ticket == listed
    assert ticket["response"]["comment"] == RESPONSES["sweden"]["comment"]
    assert ticket["response"]["customer_email"] == "giulia@example.com"
    assert ticket["response"]["attributes"] == {"store": "Milano", "visits": "3", "gift": "true"}
    assert ticket["response"]["occurred_at"] == "2026-03-04T09:15:00Z"
    assert ticket["finding"]["request_text"] == "When do you deliver it?"
    assert ticket["reasons"]


@pytest.mark.parametrize(
    "query",
    ["status=closed", "category=food", "language=xx", "country=ZZ", "since=yesterday", "limit=0",
     "limit=201", "cursor=abc", "cursor=", "colour=red", "since=2026-03-04T10:00:00"],
)  # fmt: skip
def test_impossible_filters_are_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/tickets?{query}")
    assert answer.status_code == 422
    assert query.split("=")[0] in answer.json()["detail"]


def test_an_unknown_ticket_is_not_found(client: TestClient) -> None:
    answer = client.get("/v1/tickets/0123")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:feedback-triage:problem:not-found"
