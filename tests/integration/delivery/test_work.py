"""Working on tickets over HTTP: what agents do here, and what comes back from the other systems."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.fakes.dynamics import FakeDynamics
from tests.integration.delivery.test_delivery import delivered
from tests.integration.delivery.world import World, dynamics_settings, eventually
from training.dataset import faults
from triage import wiring
from triage.settings import Settings
from triage.tables import TicketRow
from triage.tickets.feedback import export
from triage.types import Customer, SurveyResponse

pytestmark = pytest.mark.slow


class Agent:
    """Calls the API as somebody who may do everything."""

    def __init__(self, services: wiring.Services) -> None:
        _, secret = services.keys.create("desk", ["tickets:read", "tickets:write"])
        self._http = TestClient(create_app(services), headers={"Authorization": f"Bearer {secret}"})

    def patch(self, ticket_id: str, **body: Any) -> Any:
        return self._http.patch(f"/v1/tickets/{ticket_id}", json=body)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[wiring.Services]:
    """A service without any other system."""
    services = wiring.build(Settings(data_dir=tmp_path, model="stub"))
    services.model.load()
    yield services
    services.close()


def post(services: wiring.Services, comment: str = "Lovely sofa. When is the delivery?", **more: Any) -> str:
    response = SurveyResponse(external_id=comment, comment=comment, country="IT", score=6, **more)
    receipt = services.intake.accept("test", response)
    assert receipt.ticket is not None
    return receipt.ticket.id


def test_an_agent_takes_comments_and_resolves(inbox: wiring.Services) -> None:
    agent, ticket = Agent(inbox), post(inbox)
    taken = agent.patch(ticket, author="eva", assignee="eva", comment="Called her.").json()
    assert (taken["status"], taken["assignee"]) == ("in_progress", "eva")
    done = agent.patch(ticket, author="eva", status="resolved", resolution="Comes on Friday").json()
    assert (done["status"], done["resolution"]) == ("resolved", "Comes on Friday")
    assert done["resolved_at"]
    (comment,) = agent.get(f"/v1/tickets/{ticket}/history").json()["comments"]
    assert (comment["author"], comment["text"]) == ("eva", "Called her.")
    again = agent.patch(ticket, status="open").json()
    assert (again["resolved_at"], again["resolution"]) == (None, None)


def exported(services: wiring.Services) -> list[dict[str, Any]]:
    with services.database.read() as session:
        return list(export(session))


def test_not_a_request_is_resolved_and_becomes_training_data(inbox: wiring.Services) -> None:
    agent, ticket = Agent(inbox), post(inbox, "Who designs such a site?")
    answer = agent.patch(ticket, not_a_request=True).json()
    assert (answer["status"], answer["resolution"]) == ("resolved", "not a request")
    (record,) = exported(inbox)
    assert (record["request"], record["request_text"]) == (None, None)
    assert record["text"] == "Who designs such a site?"
    assert set(record) == {"id", "lang", "text", "aspects", "sentiment", "request", "request_text", "urgent"}


def test_corrections_add_up_and_the_newest_counts(inbox: wiring.Services) -> None:
    agent, ticket = Agent(inbox), post(inbox)
    agent.patch(ticket, labels={"sentiment": "negative", "aspects": {"delivery": "negative"}})
    agent.patch(ticket, labels={"sentiment": "mixed", "request": "contact_me", "request_text": "When is"})
    (record,) = exported(inbox)
    assert (record["sentiment"], record["aspects"]) == ("mixed", {"delivery": "negative"})
    assert (record["request"], record["request_text"]) == ("contact_me", "When is")
    assert record["id"] == f"{record['lang']}-b0-001"
    assert faults(record) == []


@pytest.mark.parametrize(
    "labels",
    [
        {"request": "order_status", "request_text": "not in the comment"},
        {"sentiment": "great"},
        {"aspects": {"weather": "negative"}},
        {"colour": "red"},
        {"aspects": None},
        {"sentiment": None},
        {"urgent": None},
    ],
)
def test_labels_that_training_could_not_use_are_refused(
    inbox: wiring.Services, labels: dict[str, Any]
) -> None:
    answer = Agent(inbox).patch(post(inbox), labels=labels)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert exported(inbox) == []


def test_corrections_that_contradict_each_other_are_refused_at_once(inbox: wiring.Services) -> None:
    agent, ticket = Agent(inbox), post(inbox)
    assert agent.patch(ticket, not_a_request=True).status_code == 200
    assert agent.patch(ticket, labels={"request": "contact_me"}).status_code == 422  # and which words ask?
    both = {"request": "contact_me", "request_text": "When is"}
    assert agent.patch(ticket, labels=both).status_code == 200
    assert [record["request_text"] for record in exported(inbox)] == ["When is"]


def test_a_resolution_alone_is_not_dropped_in_silence(inbox: wiring.Services) -> None:
    answer = Agent(inbox).patch(post(inbox), resolution="Comes on Friday")
    assert (answer.status_code, "resolved" in answer.json()["detail"]) == (422, True)


def test_reading_alone_does_not_allow_to_write(inbox: wiring.Services) -> None:
    ticket = post(inbox)
    _, secret = inbox.keys.create("reader", ["tickets:read"])
    reader = TestClient(create_app(inbox), headers={"Authorization": f"Bearer {secret}"})
    assert reader.patch(f"/v1/tickets/{ticket}", json={"status": "resolved"}).status_code == 403
    assert reader.post(f"/v1/tickets/{ticket}/retry").status_code == 403
    assert reader.post("/v1/hooks/dynamics", json={"PrimaryEntityId": "0" * 36}).status_code == 403


def test_unknown_tickets_are_not_found(inbox: wiring.Services) -> None:
    agent = Agent(inbox)
    assert agent.patch("0" * 32, status="resolved").status_code == 404
    assert agent.post(f"/v1/tickets/{'0' * 32}/retry").status_code == 404
    assert agent.get(f"/v1/tickets/{'0' * 32}/history").status_code == 404


def test_nothing_failed_so_nothing_is_sent_again(inbox: wiring.Services) -> None:
    assert Agent(inbox).post(f"/v1/tickets/{post(inbox)}/retry").status_code == 409


def test_what_fell_back_to_the_inbox_is_sent_once_its_system_is_there(tmp_path: Path) -> None:
    before = wiring.build(Settings(data_dir=tmp_path, model="stub"))
    before.model.load()
    ticket = post(before, customer=Customer(id="c"))
    with before.database.read() as session:
        row = session.get_one(TicketRow, ticket)
        assert (row.system, row.intended_system, row.delivery) == ("inbox", "dynamics", "delivered")
    before.close()
    with (fake := FakeDynamics()).running():
        settings = Settings(data_dir=tmp_path, model="stub", dynamics=dynamics_settings(fake))
        services = wiring.build(settings)
        assert services.delivery is not None
        services.delivery.start()
        assert Agent(services).post(f"/v1/tickets/{ticket}/retry").status_code == 202
        eventually(lambda: fake.creates)
        services.close()


def test_what_was_added_in_the_inbox_goes_with_its_case(tmp_path: Path) -> None:
    before = wiring.build(Settings(data_dir=tmp_path, model="stub"))
    before.model.load()
    anna: Any = {"customer": Customer(id="anna"), "attributes": {"order_number": "48213"}}
    ticket = post(before, **anna)
    assert post(before, "Still waiting! When do you come?", **anna) == ticket
    Agent(before).patch(ticket, comment="Called her.")
    before.close()
    with (fake := FakeDynamics()).running():
        services = wiring.build(Settings(data_dir=tmp_path, model="stub", dynamics=dynamics_settings(fake)))
        assert services.delivery is not None
        assert Agent(services).post(f"/v1/tickets/{ticket}/retry").json() == {"deliveries": 3}
        services.delivery.start()
        notes = fake.tables["annotations"]
        eventually(lambda: len(notes) == 2)
        services.close()
    assert sorted(note["notetext"].split("!")[0][-13:] for note in notes.values()) == [
        "Called her.", "Still waiting",
    ]  # fmt: skip
    assert len(fake.creates) == 1


def test_a_resolved_ticket_that_fell_back_is_spared(tmp_path: Path) -> None:
    before = wiring.build(Settings(data_dir=tmp_path, model="stub"))
    before.model.load()
    ticket = post(before)
    Agent(before).patch(ticket, status="resolved")
    before.close()
    with (fake := FakeDynamics()).running():
        services = wiring.build(Settings(data_dir=tmp_path, model="stub", dynamics=dynamics_settings(fake)))
        assert services.delivery is not None
        with services.database.write() as session:
            assert services.delivery.outbox.retry(session, ticket, spare_resolved=True) == 0
            assert services.delivery.outbox.retry(session, ticket) == 1
        services.close()


def test_a_dead_letter_is_sent_again_over_http(running: World) -> None:
    agent = Agent(running.services)
    running.dataverse.faults.once("forbidden", "PATCH .*/incidents")
    ticket = running.ticket(running.post("a")).id
    eventually(lambda: agent.get(f"/v1/tickets/{ticket}").json()["delivery"] == "failed")
    shown = agent.get(f"/v1/tickets/{ticket}").json()
    assert "prvCreateIncident" in shown["error"]
    assert agent.post(f"/v1/tickets/{ticket}/retry").json() == {"deliveries": 1}
    eventually(lambda: agent.get(f"/v1/tickets/{ticket}").json()["delivery"] == "delivered")
    case = agent.get(f"/v1/tickets/{ticket}/history").json()["deliveries"]
    outcomes = [[a["outcome"] for a in d["attempts"]] for d in case if d["kind"] == "case"]
    assert outcomes == [["forbidden", "delivered"]]


def test_secrets_are_in_no_attempt(running: World) -> None:
    running.post("a")
    running.dataverse.faults.once("expired_token", "PATCH .*/incidents")
    running.post("b", "GB")
    eventually(lambda: delivered(running, 2))
    stored = json.dumps([a.model_dump(mode="json") for a in running.attempts()])
    tokens = running.dataverse.tokens | running.salesforce.tokens
    for secret in (running.dataverse.client_secret, running.salesforce.client_secret, *tokens):
        assert secret not in stored


@pytest.mark.parametrize("country", ["IT", "GB"])
def test_a_case_resolved_there_is_resolved_here_and_announced(running: World, country: str) -> None:
    receipt = running.post("a", country)
    eventually(lambda: delivered(running, 1))
    case = running.ticket(receipt).remote_id or ""
    if country == "IT":
        running.dataverse.agent(case, statuscode=2)
    else:
        running.salesforce.agent(case, Status="Working")
    eventually(lambda: running.ticket(receipt).status == "in_progress")
    if country == "IT":
        running.dataverse.resolve(case, "Refunded")
    else:
        running.salesforce.agent(case, Status="Refunded", IsClosed=True)
    eventually(lambda: running.ticket(receipt).status == "resolved")
    ticket = running.ticket(receipt)
    assert (ticket.resolution, ticket.resolved_at is not None) == ("Refunded", True)
    kinds = eventually(lambda: len(running.receiver.messages) == 3 and running.receiver.messages)
    assert sorted(m["type"] for m in kinds.values())[-1] == "ticket.resolved"


def test_dynamics_tells_us_and_is_not_believed_but_asked(running: World) -> None:
    running.delivery.upkeep.stop()
    receipt = running.post("a")
    eventually(lambda: delivered(running, 1))
    case = running.ticket(receipt).remote_id or ""
    agent = Agent(running.services)
    news = {"PrimaryEntityId": case, "PrimaryEntityName": "incident", "InputParameters": [{"key": "x"}]}
    other = {"x-ms-dynamics-entity-name": "contact"}
    assert agent.post("/v1/hooks/dynamics", json=news).status_code == 204
    assert running.ticket(receipt).status == "open"
    running.dataverse.resolve(case, "Refunded")
    assert agent.post("/v1/hooks/dynamics", json=news, headers=other).status_code == 204
    assert running.ticket(receipt).status == "open"
    running.dataverse.faults.once("unavailable", "GET .*/incidents")
    assert agent.post("/v1/hooks/dynamics", json=news).status_code == 503
    assert agent.post("/v1/hooks/dynamics", json=news).status_code == 204
    assert (running.ticket(receipt).status, running.ticket(receipt).resolution) == ("resolved", "Refunded")


def test_a_ticket_in_another_system_is_worked_on_there(running: World) -> None:
    receipt = running.post("a")
    eventually(lambda: delivered(running, 1))
    agent, ticket = Agent(running.services), running.ticket(receipt).id
    assert agent.patch(ticket, status="resolved").status_code == 409
    assert agent.patch(ticket, comment="Please hurry", author="eva").status_code == 200
    eventually(lambda: running.dataverse.tables["annotations"])


def test_the_hook_of_a_service_without_dynamics_changes_nothing(inbox: wiring.Services) -> None:
    assert Agent(inbox).post("/v1/hooks/dynamics", json={"PrimaryEntityId": "0" * 36}).status_code == 204
