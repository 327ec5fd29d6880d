"""Signed webhooks by the Standard Webhooks specification: events, and a ticket system of its own."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook as Signer

from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import Remote, retry_after
from triage.settings import WebhookSettings
from triage.types import CaseRecord, Check, RemoteCase, RemoteChanges, RemoteState, System


class Webhook:
    """Whatever listens at one address. Thread-safe. The message id is the idempotency key."""

    name: System = "webhook"

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._signer = Signer(settings.secret.get_secret_value())
        self._remote = Remote(per_second=settings.calls_per_second)

    def post(self, message_id: str, kind: str, at: datetime, data: Mapping[str, Any]) -> None:
        """Deliver one message; every attempt carries the same `webhook-id`.

        Args:
            message_id: Unique per message; the receiver drops what it has seen.
            kind: Full stop separated, such as `ticket.created`.
            at: When it happened.
        """
        payload = {"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "data": data}
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message_id, now, body),
        }
        answer = self._remote.send("POST", self._settings.url, headers=headers, content=body.encode())
        if not answer.is_success:
            raise DeliveryError(
                _kind(answer.status_code),
                f"{answer.status_code}: {answer.text}",
                status=answer.status_code,
                retry_after=retry_after(answer),
            )

    def create(self, record: CaseRecord) -> RemoteCase:
        """See `ports.TicketSystem.create`: a message of type `case.create`, its key the id."""
        self.post(record.key, "case.create", datetime.now(UTC), asdict(record))
        return RemoteCase(id=record.key)

    def comment(self, case_id: str, key: str, text: str) -> None:
        """See `ports.TicketSystem.comment`: a message of type `case.comment`."""
        self.post(key, "case.comment", datetime.now(UTC), {"key": case_id, "text": text})

    def changes(self, since: datetime) -> RemoteChanges:
        """See `ports.TicketSystem.changes`: a webhook cannot be asked; its owner calls our API instead."""
        return RemoteChanges(states=(), covered_until=since)

    def state(self, case_id: str) -> RemoteState | None:
        """See `ports.TicketSystem.state`."""
        return None

    def check(self) -> list[Check]:
        """See `ports.TicketSystem.check`: posting would create something, so only the address is shown."""
        return [Check(name="address and secret", ok=True, detail=self._settings.url)]

    def close(self) -> None:
        """See `ports.TicketSystem.close`."""
        self._remote.close()


def _kind(status: int) -> Kind:
    if status >= 500:
        return Kind.OVERLOADED
    by_status = {401: Kind.SIGN_IN, 403: Kind.FORBIDDEN, 408: Kind.NETWORK, 429: Kind.THROTTLED}
    return by_status.get(status, Kind.REFUSED)
