"""The Service Cloud connector against a server that answers as Salesforce documents."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.service_cloud import KEY as KEY_FIELD
from tests.fakes.service_cloud import QUEUE, FakeServiceCloud
from tests.unit.delivery.conftest import KEY
from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import tracing
from triage.delivery.service_cloud import ServiceCloud
from triage.settings import ServiceCloudSettings
from triage.types import CaseRecord, Customer

CASE = "POST .*/sobjects/Case$"


def test_the_case_says_everything(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    case = service_cloud.create(record)
    stored = salesforce.cases[case.id]
    assert stored[KEY_FIELD] == KEY
    assert stored["Subject"] == record.subject
    assert stored["Description"] == record.body
    assert (stored["Priority"], stored["Type"], stored["Origin"]) == ("High", "Question", "Web")
    assert (stored["OwnerId"], stored["AutoAssigned"]) == (QUEUE, False)
    assert (stored["SuppliedName"], stored["SuppliedEmail"]) == ("Anna Rossi", "Anna.Rossi@example.org")
    assert stored["Sentiment__c"] == "mixed"
    assert case.url == f"{salesforce.url}/lightning/r/Case/{case.id}/view"


@pytest.mark.parametrize("fault", ["race", "expired_token"])
def test_created_once_whatever_happens_on_the_way(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord, fault: str
) -> None:
    salesforce.faults.once(fault, CASE)
    first = service_cloud.create(record)
    assert service_cloud.create(record) == first
    assert salesforce.creates == [KEY]


def test_a_lost_answer_is_found_again(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    salesforce.faults.once("drop_after", CASE)
    with pytest.raises(DeliveryError) as lost:
        service_cloud.create(record)
    assert lost.value.kind is Kind.NETWORK
    assert service_cloud.create(record).id in salesforce.cases
    assert salesforce.creates == [KEY]


def test_concurrent_creates_of_one_key_agree(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    with ThreadPoolExecutor(8) as pool:
        cases = set(pool.map(lambda _: service_cloud.create(record).id, range(8)))
    assert len(cases) == 1
    assert salesforce.creates == [KEY]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unavailable", Kind.OVERLOADED),
        ("throttled", Kind.THROTTLED),
        ("lock_row", Kind.BUSY),
        ("limit_far", Kind.BUSY),
        ("limit_near", Kind.QUOTA),
        ("duplicates_detected", Kind.REFUSED),
        ("multiple", Kind.AMBIGUOUS),
        ("drop_before", Kind.NETWORK),
    ],
)
def test_what_goes_wrong_is_named(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord, fault: str, kind: Kind
) -> None:
    salesforce.faults.once(fault, CASE)
    with pytest.raises(DeliveryError) as failed:
        service_cloud.create(record)
    assert failed.value.kind is kind
    assert failed.value.retry_after == (1.0 if fault == "throttled" else None)
    assert salesforce.creates == []


def test_several_records_of_our_key_are_not_guessed_between(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    service_cloud.create(record)
    salesforce.cases["500Z"] = dict(next(iter(salesforce.cases.values())), Id="500Z")
    with pytest.raises(DeliveryError, match="500Z") as failed:
        service_cloud.create(record)
    assert failed.value.kind is Kind.AMBIGUOUS


def test_limits_of_the_fields_are_kept(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    long = replace(
        record, body="parola " * 10_000, customer=Customer(name="n" * 200, email="e" * 90 + "@example.org")
    )
    stored = salesforce.cases[service_cloud.create(long).id]
    assert len(stored["Description"]) <= 32_000
    assert stored["Description"].endswith("parola…")
    assert "SuppliedEmail" not in stored


def test_what_is_no_address_does_not_stop_the_case(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    odd = replace(record, customer=Customer(name="Anna", email="n/a"))
    stored = salesforce.cases[service_cloud.create(odd).id]
    assert stored["SuppliedName"] == "Anna"
    assert "SuppliedEmail" not in stored


def test_a_refused_secret_is_named_and_not_repeated(salesforce: FakeServiceCloud, record: CaseRecord) -> None:
    system = ServiceCloud(
        ServiceCloudSettings(login_url=salesforce.url, client_id="client", client_secret="wr0ng")  # type: ignore[arg-type]
    )
    with tracing() as trace, pytest.raises(DeliveryError, match="invalid_client") as failed:
        system.create(record)
    assert failed.value.kind is Kind.SIGN_IN
    assert "wr0ng" not in trace.answer + str(failed.value)


def test_a_key_that_is_none_is_named_and_not_repeated(
    salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    system = ServiceCloud(
        ServiceCloudSettings(login_url=salesforce.url, client_id="c", username="u", private_key="s3cret")  # type: ignore[arg-type]
    )
    with pytest.raises(DeliveryError, match="RSA in PEM") as failed:
        system.create(record)
    assert failed.value.kind is Kind.SIGN_IN
    assert "s3cret" not in str(failed.value)


def test_a_certificate_signs_in(salesforce: FakeServiceCloud, record: CaseRecord) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    system = ServiceCloud(
        ServiceCloudSettings(
            login_url=salesforce.url, client_id="app", username="bot@example.org",
            private_key=pem, audience="https://test.salesforce.com",  # type: ignore[arg-type]
        )
    )  # fmt: skip
    system.create(record)
    claims = jwt.decode(
        salesforce.assertions[0],
        key.public_key(),
        algorithms=["RS256"],
        audience="https://test.salesforce.com",
    )
    assert (claims["iss"], claims["sub"]) == ("app", "bot@example.org")
    assert 0 < claims["exp"] - datetime.now(UTC).timestamp() <= 300


def test_a_comment_is_added_once(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    case = service_cloud.create(record)
    salesforce.faults.once("drop_after", "CaseComment")
    with pytest.raises(DeliveryError):
        service_cloud.comment(case.id, "ab" * 16, "πάλι " * 2_000)
    service_cloud.comment(case.id, "ab" * 16, "πάλι " * 2_000)
    service_cloud.comment(case.id, "cd" * 16, "again")
    assert [str(c["CommentBody"])[-33:-1] for c in salesforce.comments] == ["ab" * 16, "cd" * 16]


def test_a_closed_case_takes_no_comment(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    case = service_cloud.create(record)
    salesforce.agent(case.id, Status="Closed", IsClosed=True)
    with pytest.raises(DeliveryError) as failed:
        service_cloud.comment(case.id, "ab" * 16, "again")
    assert failed.value.kind is Kind.CLOSED
    assert salesforce.comments == []


def test_a_comment_whose_answer_was_lost_is_found_on_a_closed_case(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    case = service_cloud.create(record)
    salesforce.faults.once("drop_after", "CaseComment")
    with pytest.raises(DeliveryError):
        service_cloud.comment(case.id, "ab" * 16, "again")
    salesforce.agent(case.id, Status="Closed", IsClosed=True)
    service_cloud.comment(case.id, "ab" * 16, "again")
    assert len(salesforce.comments) == 1


def test_a_comment_without_words_by_somebody_else_is_passed_over(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    case = service_cloud.create(record)
    salesforce.comments.append({"ParentId": case.id, "CommentBody": None})
    service_cloud.comment(case.id, "ab" * 16, "again")
    assert len(salesforce.comments) == 2


def test_what_agents_did_is_read_back(
    service_cloud: ServiceCloud, salesforce: FakeServiceCloud, record: CaseRecord
) -> None:
    cases = [service_cloud.create(replace(record, key=f"{n:032x}")).id for n in range(3)]
    salesforce.agent(cases[1], Status="Working")
    salesforce.agent(cases[2], Status="Closed", IsClosed=True)
    changes = service_cloud.changes(datetime.now(UTC) - timedelta(minutes=1))
    assert [s.status for s in changes.states] == ["open", "in_progress", "resolved"]
    assert changes.states[2].resolution == "Closed"
    assert changes.covered_until > datetime.now(UTC) - timedelta(seconds=5)


def test_the_check_says_what_is_missing(service_cloud: ServiceCloud, salesforce: FakeServiceCloud) -> None:
    assert all(check.ok for check in service_cloud.check())
    before = len(salesforce.cases)
    del salesforce.fields[KEY_FIELD], salesforce.fields["Sentiment__c"]
    missing = [check for check in service_cloud.check() if not check.ok]
    assert [c.name for c in missing] == [f"key field {KEY_FIELD}", "field Sentiment__c"]
    assert all(c.remedy for c in missing)
    assert len(salesforce.cases) == before
