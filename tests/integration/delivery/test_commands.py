"""The commands of delivery, as an operator types them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from tests.fakes.__main__ import variables
from tests.fakes.dynamics import FakeDynamics
from tests.fakes.receiver import FakeReceiver
from tests.fakes.service_cloud import FakeServiceCloud
from tests.integration.delivery.test_work import post
from tests.integration.delivery.world import eventually
from triage import wiring
from triage.cli import app
from triage.settings import Settings
from triage.tables import DeliveryRow, TicketRow
from triage.tickets.lifecycle import Change, change

pytestmark = pytest.mark.slow


@pytest.fixture
def systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[FakeDynamics, FakeServiceCloud]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_MODEL", "stub")
    monkeypatch.setenv("COLUMNS", "200")
    with ExitStack() as stack:
        fakes = FakeDynamics(), FakeServiceCloud(), FakeReceiver()
        for fake in fakes:
            stack.enter_context(fake.running())
        for line in variables(*fakes):
            name, _, value = line.removeprefix("export ").partition("=")
            monkeypatch.setenv(name, value)
        yield fakes[:2]


def triage(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.output


def test_check_passes_and_creates_nothing(systems: tuple[FakeDynamics, FakeServiceCloud]) -> None:
    dataverse, salesforce = systems
    assert "external id, unique, writable" in triage("systems", "check")
    assert not any(dataverse.tables[t] for t in ("incidents", "contacts", "annotations"))
    assert not salesforce.cases


def test_check_says_what_is_missing_and_how_to_add_it(
    systems: tuple[FakeDynamics, FakeServiceCloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    systems[0].key_status = ""
    monkeypatch.setenv("TRIAGE_SERVICE_CLOUD__CLIENT_SECRET", "wr0ng")
    said = triage("systems", "check", code=1)
    assert "incident has no such key" in said
    assert "Power Apps" in said
    assert "invalid_client" in said
    assert "wr0ng" not in said


def test_check_without_a_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert "stays in the inbox" in triage("systems", "check")


def test_a_failed_ticket_is_shown_and_sent_again(systems: tuple[FakeDynamics, FakeServiceCloud]) -> None:
    dataverse, _ = systems
    dataverse.faults.once("forbidden", "PATCH .*/incidents")
    services = wiring.build(Settings())
    services.model.load()
    ticket = post(services)
    assert services.delivery is not None
    services.delivery.start()
    eventually(lambda: "forbidden" in triage("tickets", "show", ticket))
    services.close()
    assert ticket in triage("tickets", "list", "--delivery", "failed")
    assert "prvCreateIncident" in triage("tickets", "show", ticket)
    assert "1 deliveries under way again" in triage("tickets", "retry", "--failed")
    assert "0 deliveries" in triage("tickets", "retry", ticket)
    triage("tickets", "retry", code=2)
    triage("tickets", "retry", "0" * 32, code=1)
    status = triage("systems", "status")
    assert [line.split()[1:5] for line in status.splitlines() if "dynamics" in line]


def test_a_resolved_ticket_is_not_sent_again_with_all_the_others(
    systems: tuple[FakeDynamics, FakeServiceCloud],
) -> None:
    services = wiring.build(Settings())
    services.model.load()
    named = post(services)
    with services.database.write() as session:
        ticket = session.get_one(TicketRow, named)
        (case,) = session.exec(select(DeliveryRow).where(DeliveryRow.kind == "case"))
        (event,) = session.exec(select(DeliveryRow).where(DeliveryRow.kind == "event"))
        ticket.delivery, ticket.status = "failed", "resolved"
        case.state = event.state = "failed"
        session.add_all([ticket, case, event])
    services.close()
    said = triage("tickets", "retry", "--failed")
    assert "1 deliveries under way again" in said  # the event
    assert "1 resolved tickets got no case" in said
    said = triage("tickets", "retry", named)
    assert "1 deliveries under way again" in said
    assert "resolved" not in said


def test_feedback_is_exported_in_the_format_of_the_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_MODEL", "stub")
    services = wiring.build(Settings())
    services.model.load()
    ticket = post(services)
    wanted = Change(author="eva", labels={"sentiment": "negative"})
    with services.database.write() as session:
        change(session, ticket, wanted, None, services.clock.now())
    services.close()
    triage("feedback", "export", "--output", "out.jsonl")
    (line,) = Path("out.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["sentiment"] == "negative"
    assert line in triage("feedback", "export")
