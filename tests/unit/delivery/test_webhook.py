"""Signed messages, verified by the reference library in the receiver."""

from datetime import UTC, datetime

import pytest

from tests.fakes.receiver import FakeReceiver
from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.webhook import Webhook
from triage.types import CaseRecord

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_message_verifies_and_a_repeat_carries_the_same_id(
    webhook: Webhook, receiver: FakeReceiver
) -> None:
    for _ in range(2):
        webhook.post("m1", "ticket.created", AT, {"text": "quando? 😀"})
    assert receiver.arrivals == ["m1", "m1"]
    assert receiver.messages["m1"] == {
        "type": "ticket.created",
        "timestamp": "2026-11-21T12:00:00+00:00",
        "data": {"text": "quando? 😀"},
    }
    assert receiver.refused == 0


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("unavailable", Kind.OVERLOADED), ("throttled", Kind.THROTTLED), ("drop_after", Kind.NETWORK)],
)
def test_what_goes_wrong_is_named(webhook: Webhook, receiver: FakeReceiver, fault: str, kind: Kind) -> None:
    receiver.faults.once(fault)
    with pytest.raises(DeliveryError) as failed:
        webhook.post("m1", "ticket.created", AT, {})
    assert failed.value.kind is kind


def test_a_case_is_a_message_under_its_key(
    webhook: Webhook, receiver: FakeReceiver, record: CaseRecord
) -> None:
    assert webhook.create(record).id == record.key
    assert receiver.messages[record.key]["data"]["customer"]["email"] == "Anna.Rossi@example.org"
