"""The page where the link in a case leads."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.factories import body
from triage.tables import TicketRow
from triage.wiring import Services


@pytest.fixture
def agent(services: Services) -> TestClient:
    """A browser: it has no key of ours."""
    return TestClient(create_app(services))


def key_of(services: Services, client: TestClient, **changes: object) -> str:
    ticket = client.post("/v1/responses", json=body(**changes)).json()["ticket"]
    with services.database.read() as session:
        return session.get_one(TicketRow, ticket["id"]).key


def test_it_shows_the_words_and_what_was_found_but_not_who_the_customer_is(
    services: Services, client: TestClient, agent: TestClient
) -> None:
    customer = {"id": "C-77", "email": "anna@example.org", "phone": "+393331234567", "name": "Anna Bianchi"}
    comment = 'Nice <b>sofa</b> & "chairs". When is the delivery?'
    page = agent.get(f"/t/{key_of(services, client, comment=comment, customer=customer)}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Nice &lt;b&gt;sofa&lt;/b&gt; &amp;" in page.text
    assert "<mark>When is the delivery?</mark>" in page.text
    assert "order status" in page.text
    assert not [secret for secret in customer.values() if secret in page.text]


def test_no_cache_no_search_engine_and_no_other_site_learns_of_it(
    services: Services, client: TestClient, agent: TestClient
) -> None:
    headers = agent.get(f"/t/{key_of(services, client)}").headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    assert "default-src 'none'" in headers["content-security-policy"]


def test_an_agents_comment_and_the_resolution_appear(
    services: Services, client: TestClient, agent: TestClient
) -> None:
    key = key_of(services, client)
    with services.database.read() as session:
        ticket_id = client.get("/v1/tickets").json()["items"][0]["id"]
        assert session.get_one(TicketRow, ticket_id).key == key
    change = {"author": "eva", "comment": "Called <her>.", "status": "resolved", "resolution": "sent"}
    assert client.patch(f"/v1/tickets/{ticket_id}", json=change).status_code == 200
    page = agent.get(f"/t/{key}").text
    assert "Called &lt;her&gt;." in page
    assert "<dd>resolved</dd>" in page
    assert "<dd>sent</dd>" in page


@pytest.mark.parametrize("key", ["0" * 32, "x", "0" * 31 + "%00", "A" * 32, "0" * 400])
def test_whoever_guesses_finds_nothing(agent: TestClient, key: str) -> None:
    page = agent.get(f"/t/{key}")
    assert (page.status_code, page.headers["cache-control"]) == (404, "no-store")
