from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.fakes.dynamics import QUEUE as DYNAMICS_QUEUE
from tests.fakes.dynamics import TEAM, FakeDynamics
from tests.fakes.receiver import SECRET, FakeReceiver
from tests.fakes.service_cloud import QUEUE as SALESFORCE_QUEUE
from tests.fakes.service_cloud import FakeServiceCloud
from triage.delivery.dynamics import Dynamics
from triage.delivery.record import build
from triage.delivery.service_cloud import ServiceCloud
from triage.delivery.webhook import Webhook
from triage.settings import DynamicsSettings, ServiceCloudSettings, WebhookSettings
from triage.types import (
    AspectFinding,
    CaseRecord,
    Customer,
    Decision,
    Finding,
    LanguageFinding,
    RequestFinding,
    SurveyResponse,
)  # fmt: skip

KEY = "9f" * 16
COMMENT = "Commessa gentilissima, ma il divano doveva arrivare giovedì: quando lo consegnate?"


def response(**changes: object) -> SurveyResponse:
    values: dict[str, object] = {
        "external_id": "r-1",
        "comment": COMMENT,
        "question": "Che cosa possiamo migliorare?",
        "score": 4,
        "survey": "post-purchase",
        "touchpoint": "delivery",
        "country": "IT",
        "customer": Customer(
            id="c-77", email="Anna.Rossi@example.org", phone="+39 02 1234", name="Anna Rossi"
        ),
        "attributes": {"order_number": "48213", "store": "Milano Duomo", "seller": "M. Bianchi"},
    }
    return SurveyResponse(**(values | changes))  # type: ignore[arg-type]


def finding() -> Finding:
    start = COMMENT.index("quando")
    return Finding(
        language=LanguageFinding(code="it", confidence=0.99),
        aspects=(
            AspectFinding(category="staff", polarity="positive", confidence=0.97),
            AspectFinding(category="delivery", polarity="negative", confidence=0.95),
        ),
        sentiment="mixed",
        sentiment_confidence=0.8,
        request=RequestFinding(
            intent="order_status", confidence=0.96, intent_confidence=0.93,
            start=start, end=len(COMMENT), text=COMMENT[start:],
        ),
        urgent=False,
        urgent_confidence=0.98,
        abstained=(),
        model="base-1",
        taxonomy="1",
    )  # fmt: skip


def decision() -> Decision:
    return Decision(
        queue="it-returns",
        system="dynamics",
        intended_system="dynamics",
        priority="high",
        due_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        subject="order_status (it): quando lo consegnate?",
        reasons=("country is IT", "asks for order_status"),
    )


@pytest.fixture
def record() -> CaseRecord:
    return build(
        key=KEY, response=response(), finding=finding(), decision=decision(), link="https://t.example/t/1"
    )


@pytest.fixture
def salesforce() -> Iterator[FakeServiceCloud]:
    with (fake := FakeServiceCloud()).running():
        yield fake


@pytest.fixture
def service_cloud(salesforce: FakeServiceCloud) -> Iterator[ServiceCloud]:
    system = ServiceCloud(
        ServiceCloudSettings(
            login_url=salesforce.url,
            client_id=salesforce.client_id,
            client_secret=salesforce.client_secret,  # type: ignore[arg-type]
            owners={"it-returns": SALESFORCE_QUEUE},
            types={"order_status": "Question"},
            columns={"Sentiment__c": "sentiment"},
            calls_per_second=0,
        )
    )
    yield system
    system.close()


@pytest.fixture
def dataverse() -> Iterator[FakeDynamics]:
    with (fake := FakeDynamics()).running():
        yield fake


@pytest.fixture
def dynamics(dataverse: FakeDynamics) -> Iterator[Dynamics]:
    system = Dynamics(
        DynamicsSettings(
            url=dataverse.url,
            tenant=dataverse.tenant,
            client_id=dataverse.client_id,
            client_secret=dataverse.client_secret,  # type: ignore[arg-type]
            authority=dataverse.url,
            queues={"it-returns": DYNAMICS_QUEUE},
            owners={"it-returns": TEAM},
            columns={"new_sentiment": "sentiment"},
            calls_per_second=0,
        )
    )
    yield system
    system.close()


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with (fake := FakeReceiver()).running():
        yield fake


@pytest.fixture
def webhook(receiver: FakeReceiver) -> Iterator[Webhook]:
    system = Webhook(WebhookSettings(url=receiver.url, secret=SECRET, calls_per_second=0))  # type: ignore[arg-type]
    yield system
    system.close()
