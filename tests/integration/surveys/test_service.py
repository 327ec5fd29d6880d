"""The whole service: an event in, an e-mail out by SMTP, answers on the link, a ticket at the end."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from tests.fakes.smtp import FakeSmtp, link_in
from tests.integration.delivery.world import eventually
from triage import wiring
from triage.settings import Settings
from triage.surveys.tables import EventRow
from triage.tables import TicketRow
from triage.types import Customer, SurveyResponse
from triage.wiring import Services

pytestmark = pytest.mark.slow
NOW = datetime.now(UTC).isoformat()
SURVEYS = Path(__file__).parents[3] / "fixtures" / "surveys"


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    with FakeSmtp().running() as server:
        yield server


@pytest.fixture
def services(tmp_path: Path, smtp: FakeSmtp) -> Iterator[Services]:
    settings = Settings(
        model="stub",
        data_dir=tmp_path,
        surveys_dir=SURVEYS,
        public_url="https://ask.example",
        smtp=smtp.settings(),  # type: ignore[arg-type]
        asking={"round_seconds": 1.0, "minutes": 0, "window": "00:00-23:59:59"},  # type: ignore[arg-type]
        delivery={"heartbeat_seconds": 1.0},  # type: ignore[arg-type]
    )
    services = wiring.build(settings)
    services.model.load()
    assert services.delivery
    services.delivery.start()
    yield services
    services.close()


@pytest.fixture
def client(services: Services) -> TestClient:
    key = services.keys.create("retail")[1]
    return TestClient(create_app(services), headers={"Authorization": f"Bearer {key}"})


def purchase(**changes: Any) -> dict[str, Any]:
    values = {
        "external_id": "sale-1",
        "kind": "purchase",
        "channel": "store",
        "occurred_at": NOW,
        "consent": True,
        "customer": {"id": "C-1", "email": "giulia@example.com", "name": "Giulia"},
        "store": "Milano",
        "order_number": "48213",
        "country": "IT",
        "locale": "it-IT",
    }
    return values | changes


def test_from_an_event_to_a_ticket(client: TestClient, services: Services, smtp: FakeSmtp) -> None:
    assert services.surveys
    assert client.post("/v1/events", json=purchase()).status_code == 201
    assert client.post("/v1/events", json=purchase()).status_code == 200
    assert client.post("/v1/events", json=purchase(store="Roma")).status_code == 409
    message = eventually(lambda: smtp.messages and smtp.messages[0])
    token = link_in(message).rpartition("/")[2]
    services.surveys.links.save(token, {"overall": 3, "wrong": "Quando arriva il divano?"})
    services.surveys.links.save(
        token, {"contact_consent": True, "contact_email": "g@example.org", "contact_phone": "347 123 4567"}
    )
    services.surveys.links.complete(token)
    services.intake.analyse_pending()
    with services.database.read() as session:
        ticket = session.exec(select(TicketRow)).one()
        event = session.exec(select(EventRow)).one()
    receipt = services.intake.find(ticket.response_id)
    assert receipt.finding
    assert receipt.finding.request
    assert (event.state, event.survey) == ("asked", "retail")
    body = client.get(f"/v1/tickets/{ticket.id}").json()
    assert "Quando arriva il divano?" in str(body)
    with services.database.read() as session:
        from triage.tables import ResponseRow

        row = session.get_one(ResponseRow, ticket.response_id)
    assert (row.score, row.survey, row.touchpoint, row.channel) == (3, "retail", "shop", "email")
    assert (row.customer_email, row.customer_phone) == ("g@example.org", "+393471234567")
    assert row.attributes["store"] == "Milano"
    assert row.attributes["band"] == "negative"
    assert len(smtp.messages) == 1


def test_a_bad_score_without_words_and_without_consent_opens_no_ticket(
    client: TestClient, services: Services, smtp: FakeSmtp
) -> None:
    assert services.surveys
    for number in (1, 2):
        customer = {"id": f"C-{number}", "email": f"c{number}@example.com"}
        client.post("/v1/events", json=purchase(external_id=f"sale-{number}", customer=customer))
    eventually(lambda: len(smtp.messages) == 2)
    for message, answers in zip(smtp.messages, ({}, {"contact_consent": True}), strict=True):
        token = link_in(message).rpartition("/")[2]
        services.surveys.links.save(token, {"overall": 1, **answers})
        services.surveys.links.complete(token)
    services.intake.analyse_pending()
    with services.database.read() as session:
        (ticket,) = session.exec(select(TicketRow)).all()
    assert "the customer agreed to be contacted" in ticket.reasons[0]


def test_a_batch_says_what_is_wrong_and_who_opted_out_is_not_asked(
    client: TestClient, services: Services, smtp: FakeSmtp
) -> None:
    told = client.post("/v1/opt-outs", json={"email": "Giulia@example.com"})
    assert told.json() == {"suppressed": 1}
    assert client.post("/v1/opt-outs", json={"email": "nobody"}).status_code == 422
    assert client.post("/v1/bounces", json={"phone": "347 123 4567", "country": "IT"}).status_code == 200
    events = [purchase(), purchase(external_id="sale-2", kind="bought"), {"external_id": "half \ud83d"}]
    body, kind = json.dumps({"events": events}), {"Content-Type": "application/json"}
    sent = client.post("/v1/events/batch", content=body, headers=kind)
    outcomes = sent.json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["created", "invalid", "invalid"]
    assert outcomes[2]["external_id"] == "half ?"
    assert outcomes[1]["errors"][0]["pointer"] == "#/kind"

    def reasons() -> list[str]:
        with services.database.read() as session:
            return session.exec(select(EventRow)).one().reasons

    eventually(lambda: "opted out" in reasons())
    assert smtp.messages == []


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"status": "resolved"}, True),
        ({"not_a_request": True, "resolution": "only a joke"}, False),
        ({"status": "resolved", "labels": {"request": None, "request_text": None}}, True),
    ],
)
def test_a_resolved_ticket_may_lead_to_the_complaint_survey(
    client: TestClient, services: Services, smtp: FakeSmtp, change: dict[str, object], asked: bool
) -> None:
    """Under the same rules: the customer agreed to be asked, and was not asked lately."""
    client.post("/v1/events", json=purchase(kind="repair", external_id="r", consent=True))
    old = purchase(external_id="old", occurred_at="2024-01-01T10:00:00+01:00")
    assert client.post("/v1/events", json=old).status_code == 201
    asks = SurveyResponse(
        external_id="x",
        comment="Quando arriva il divano?",
        score=2,
        country="IT",
        customer=Customer(id="C-1"),
    )
    ticket = services.intake.accept("retail", asks).ticket
    assert ticket
    changed = client.patch(f"/v1/tickets/{ticket.id}", json=change)
    assert changed.status_code == 200, changed.text
    with services.database.read() as session:
        event = session.exec(select(EventRow).where(EventRow.kind == "complaint_closed")).first()
    assert (event is not None) == asked
    if event is None:
        return
    assert (event.customer_id, event.email, event.survey) == ("C-1", "giulia@example.com", "complaint")
    assert event.consent
