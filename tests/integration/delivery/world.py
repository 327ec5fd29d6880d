"""A whole service in this process, with fake ticket systems around it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import select

from tests.fakes.dynamics import FakeDynamics
from tests.fakes.receiver import SECRET, FakeReceiver
from tests.fakes.service_cloud import FakeServiceCloud
from triage import wiring
from triage.jobs import Delivery
from triage.receipts import Receipt
from triage.settings import Settings
from triage.tables import AttemptRow, DeliveryRow, TicketRow
from triage.types import Customer, SurveyResponse

PUBLIC_URL = "https://feedback.example.org"
ASKS = "The sofa is lovely but when is the delivery?"


@dataclass
class World:
    services: wiring.Services
    dataverse: FakeDynamics
    salesforce: FakeServiceCloud
    receiver: FakeReceiver

    @property
    def delivery(self) -> Delivery:
        assert self.services.delivery is not None
        return self.services.delivery

    def start(self) -> None:
        self.delivery.start()

    def post(self, external_id: str, country: str = "IT", **changes: Any) -> Receipt:
        """Post a response that asks something; IT goes to Dynamics, GB to Service Cloud."""
        values: dict[str, Any] = {
            "comment": ASKS,
            "score": 6,
            "customer": Customer(id=f"c-{external_id}", email=f"{external_id}@example.org"),
        }
        response = SurveyResponse(external_id=external_id, country=country, **(values | changes))
        return self.services.intake.accept("test", response)

    def ticket(self, receipt: Receipt) -> TicketRow:
        assert receipt.ticket is not None
        with self.services.database.read() as session:
            return session.get_one(TicketRow, receipt.ticket.id)

    def tickets(self) -> list[TicketRow]:
        with self.services.database.read() as session:
            return list(session.exec(select(TicketRow)).all())

    def deliveries(self) -> list[DeliveryRow]:
        with self.services.database.read() as session:
            return list(session.exec(select(DeliveryRow)).all())

    def attempts(self) -> list[AttemptRow]:
        with self.services.database.read() as session:
            return list(session.exec(select(AttemptRow)).all())

    def keys(self) -> list[str]:
        """The key of every case created anywhere."""
        return self.dataverse.creates + self.salesforce.creates


@contextmanager
def world(database_url: str, folder: Path, **delivery: Any) -> Iterator[World]:
    """A service with all systems configured; `start` begins to deliver."""
    with ExitStack() as stack:
        dataverse, salesforce, receiver = FakeDynamics(), FakeServiceCloud(), FakeReceiver()
        for fake in (dataverse, salesforce, receiver):
            stack.enter_context(fake.running())
        settings = Settings(
            data_dir=folder,
            database_url=database_url,  # type: ignore[arg-type]
            model="stub",
            public_url=PUBLIC_URL,
            dynamics=dynamics_settings(dataverse),
            service_cloud=service_cloud_settings(salesforce),
            webhook={"url": receiver.url, "secret": SECRET, "calls_per_second": 0},  # type: ignore[arg-type]
            delivery={"heartbeat_seconds": 1.0, "poll_seconds": 1.0} | delivery,  # type: ignore[arg-type]
        )
        services = wiring.build(settings)
        stack.callback(services.close)
        services.model.load()
        yield World(services, dataverse, salesforce, receiver)


def dynamics_settings(fake: FakeDynamics) -> Any:
    return {
        "url": fake.url,
        "authority": fake.url,
        "tenant": fake.tenant,
        "client_id": fake.client_id,
        "client_secret": fake.client_secret,
        "calls_per_second": 0,
    }


def service_cloud_settings(fake: FakeServiceCloud) -> Any:
    return {
        "login_url": fake.url,
        "client_id": fake.client_id,
        "client_secret": fake.client_secret,
        "calls_per_second": 0,
    }


def eventually(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait until `condition` holds, and return what it gave."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)
    return value
