"""The Dynamics connector against a server that answers as Dataverse documents."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.dynamics import KEY as KEY_COLUMN
from tests.fakes.dynamics import QUEUE, TEAM, FakeDynamics
from tests.unit.delivery.conftest import KEY
from triage.delivery.dynamics import Dynamics
from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import tracing
from triage.settings import DynamicsSettings
from triage.types import CaseRecord, Customer

CASE = "PATCH .*/incidents"


def test_the_case_says_everything(dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord) -> None:
    case = dynamics.create(record)
    stored = dataverse.incidents[case.id]
    assert stored[KEY_COLUMN] == KEY
    assert stored["title"] == record.subject
    assert stored["description"] == record.body
    assert (stored["caseorigincode"], stored["casetypecode"], stored["prioritycode"]) == (3, 1, 1)
    assert stored["ownerid@odata.bind"] == f"/teams({TEAM})"
    assert stored["new_sentiment"] == "mixed"
    (contact,) = dataverse.tables["contacts"].values()
    assert stored["customerid_contact@odata.bind"] == f"/contacts({contact['contactid']})"
    assert (contact["firstname"], contact["lastname"]) == ("Anna", "Rossi")
    (item,) = dataverse.tables["queueitems"].values()
    assert item["queueid@odata.bind"] == f"/queues({QUEUE})"
    assert item["objectid_incident@odata.bind"] == f"/incidents({case.id})"


def test_a_known_contact_is_used(dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord) -> None:
    dataverse.tables["contacts"]["c1"] = {
        "contactid": "c1", "emailaddress1": "anna.rossi@example.org", "statecode": 0, "createdon": "2020",
    }  # fmt: skip
    case = dynamics.create(record)
    assert dataverse.incidents[case.id]["customerid_contact@odata.bind"] == "/contacts(c1)"
    assert len(dataverse.tables["contacts"]) == 1


@pytest.mark.parametrize(
    "customer",
    [Customer(), Customer(phone="+39 1"), Customer(id="x", name="Madonna"), Customer(email="o'hara@x.org")],
)
def test_any_customer_gets_one_contact(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord, customer: Customer
) -> None:
    for n in range(2):
        dynamics.create(replace(record, key=f"{n:032x}", customer=customer))
    assert len(dataverse.tables["contacts"]) == 1


def test_who_cannot_be_told_apart_shares_a_contact_without_a_name(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    strangers = [Customer(name="Anna Rossi"), Customer(), Customer(name="Bert", email="n/a")]
    for n, customer in enumerate(strangers):
        dynamics.create(replace(record, key=f"{n:032x}", customer=customer))
    (contact,) = dataverse.tables["contacts"].values()
    assert contact["lastname"] == "Anonymous survey customer"
    assert not contact.keys() & {"firstname", "emailaddress1", "telephone1"}


def test_an_address_tells_customers_apart_who_have_one_id(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    for n, email in enumerate(["anna@example.org", "bert@example.org", "Anna@example.org"]):
        dynamics.create(replace(record, key=f"{n:032x}", customer=Customer(id="17", email=email)))
    found = {c["emailaddress1"] for c in dataverse.tables["contacts"].values()}
    assert found == {"anna@example.org", "bert@example.org"}


@pytest.mark.parametrize("fault", ["race", "expired_token"])
def test_created_once_whatever_happens_on_the_way(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord, fault: str
) -> None:
    dataverse.faults.once(fault, CASE)
    first = dynamics.create(record)
    assert dynamics.create(record) == first
    assert dataverse.creates == [KEY]


@pytest.mark.parametrize("where", [CASE, "PATCH .*/contacts", "PATCH .*/queueitems", "PATCH .*/annotations"])
def test_a_lost_answer_is_found_again(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord, where: str
) -> None:
    long = replace(record, body="parola " * 1_000)
    dataverse.faults.once("drop_after", where)
    with pytest.raises(DeliveryError) as lost:
        dynamics.create(long)
    assert lost.value.kind is Kind.NETWORK
    dynamics.create(long)
    assert dataverse.creates == [KEY]
    assert [len(dataverse.tables[t]) for t in ("contacts", "queueitems", "annotations")] == [1, 1, 1]


def test_the_next_attempt_does_not_look_for_the_contact_again(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    for fault in ("unavailable", "throttled", "missing_contact"):
        dataverse.faults.once(fault, CASE)
    dataverse.retry_after = 0
    looked = []
    for _ in range(4):
        with suppress(DeliveryError):
            dynamics.create(record)
        looked.append(
            sum(seen.method == "GET" and seen.path.endswith("/contacts") for seen in dataverse.seen)
        )
    # After the contact was said to be missing it is looked for.
    assert looked == [1, 1, 1, 2]
    assert dataverse.creates == [KEY]


def test_a_repeat_never_overwrites_what_an_agent_edited(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    case = dynamics.create(record)
    dataverse.agent(case.id, title="Called her back", prioritycode=3)
    dynamics.create(record)
    assert dataverse.incidents[case.id]["title"] == "Called her back"
    assert dataverse.incidents[case.id]["prioritycode"] == 3


def test_concurrent_creates_of_one_key_agree(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    with ThreadPoolExecutor(8) as pool:
        cases = set(pool.map(lambda _: dynamics.create(record).id, range(8)))
    assert len(cases) == 1
    assert dataverse.creates == [KEY]


@pytest.mark.parametrize(
    ("fault", "kind", "retry_after"),
    [
        ("unavailable", Kind.OVERLOADED, None),
        ("throttled", Kind.THROTTLED, 1.0),
        ("forbidden", Kind.FORBIDDEN, None),
        ("duplicate_rule", Kind.REFUSED, None),
        ("missing_contact", Kind.CUSTOMER, None),
        ("drop_before", Kind.NETWORK, None),
    ],
)
def test_what_goes_wrong_is_named(
    dynamics: Dynamics,
    dataverse: FakeDynamics,
    record: CaseRecord,
    fault: str,
    kind: Kind,
    retry_after: float,
) -> None:
    dataverse.faults.once(fault, CASE)
    with pytest.raises(DeliveryError) as failed:
        dynamics.create(record)
    assert (failed.value.kind, failed.value.retry_after) == (kind, retry_after)
    assert dataverse.creates == []


def test_a_long_comment_is_cut_and_kept_whole_in_a_note(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    long = replace(record, body="parola 😀 " * 1_000, subject="oggetto " * 50)
    case = dynamics.create(long)
    stored = dataverse.incidents[case.id]
    assert stored["description"].endswith("…")
    assert stored["title"].endswith("oggetto…")
    (note,) = dataverse.tables["annotations"].values()
    assert note["notetext"] == long.body


def test_a_refused_secret_is_named_and_not_repeated(dataverse: FakeDynamics, record: CaseRecord) -> None:
    system = Dynamics(
        DynamicsSettings(
            url=dataverse.url, authority=dataverse.url, tenant="contoso", client_id="client",
            client_secret="wr0ng",  # type: ignore[arg-type]
        )
    )  # fmt: skip
    with tracing() as trace, pytest.raises(DeliveryError, match="AADSTS7000215") as failed:
        system.create(record)
    assert failed.value.kind is Kind.SIGN_IN
    assert "wr0ng" not in trace.answer + str(failed.value)


def test_a_comment_is_one_note_and_none_on_a_resolved_case(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    case = dynamics.create(record)
    for _ in range(2):
        dynamics.comment(case.id, "ab" * 16, "again")
    assert [n["notetext"] for n in dataverse.tables["annotations"].values()] == ["again"]
    dataverse.resolve(case.id, "Refunded")
    with pytest.raises(DeliveryError) as failed:
        dynamics.comment(case.id, "cd" * 16, "again")
    assert failed.value.kind is Kind.CLOSED


def test_a_note_whose_answer_was_lost_is_found_on_a_resolved_case(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    case = dynamics.create(record)
    dataverse.faults.once("drop_after", "PATCH .*/annotations")
    with pytest.raises(DeliveryError):
        dynamics.comment(case.id, "ab" * 16, "again")
    dataverse.resolve(case.id, "Refunded")
    dynamics.comment(case.id, "ab" * 16, "again")
    assert len(dataverse.tables["annotations"]) == 1


def test_what_agents_did_is_read_back(
    dynamics: Dynamics, dataverse: FakeDynamics, record: CaseRecord
) -> None:
    cases = [dynamics.create(replace(record, key=f"{n:032x}")).id for n in range(4)]
    dataverse.agent(cases[1], statuscode=3)
    dataverse.resolve(cases[2], "Refunded")
    dataverse.agent(cases[3], statecode=2, statuscode=6)
    changes = dynamics.changes(datetime.now(UTC) - timedelta(minutes=1))
    assert [s.status for s in changes.states] == ["open", "in_progress", "resolved", "resolved"]
    assert [s.resolution for s in changes.states] == [None, None, "Refunded", "cancelled"]
    assert dynamics.state(cases[2]) == changes.states[2]
    assert dynamics.state("99999999-0000-0000-0000-000000000000") is None


def test_the_check_says_what_is_missing(dynamics: Dynamics, dataverse: FakeDynamics) -> None:
    assert [check.ok for check in dynamics.check()] == [True] * 4
    dataverse.key_status = "Pending"
    dataverse.tables["queues"].clear()
    missing = [check for check in dynamics.check() if not check.ok]
    assert [(c.name, bool(c.remedy)) for c in missing] == [
        (f"key on {KEY_COLUMN}", True),
        ("queue of it-returns", True),
    ]
    assert dataverse.incidents == {}


def test_a_wrong_tenant_is_a_refused_sign_in(dataverse: FakeDynamics) -> None:
    values = {"url": dataverse.url, "authority": dataverse.url, "tenant": "nobody"}
    system = Dynamics(DynamicsSettings(**values, client_id="client", client_secret="x"))  # type: ignore[arg-type]
    (found,) = system.check()
    assert (found.ok, "sign-in refused" in found.detail) == (False, True)
