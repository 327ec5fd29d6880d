"""A receiver of signed webhooks that verifies every signature with the reference library.

Faults: unavailable (503), refused (410), throttled, drop_before, drop_after, slow.
"""

from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.fakes.server import FakeServer, Reply, Request

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class FakeReceiver(FakeServer):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.messages: dict[str, dict[str, Any]] = {}
        """By `webhook-id`: what a receiver keeps."""
        self.arrivals: list[str] = []
        self.refused = 0

    def handle(self, request: Request) -> Reply:
        try:
            payload = Webhook(SECRET).verify(request.raw, request.headers)
        except WebhookVerificationError:
            self.refused += 1
            return Reply(401, {"error": "bad signature"})
        with self.lock:
            self.arrivals.append(request.headers["webhook-id"])
            self.messages.setdefault(request.headers["webhook-id"], payload)
        return Reply(204)

    def faulty(self, name: str, request: Request) -> Reply | None:
        if name == "unavailable":
            return Reply(503)
        if name == "refused":
            return Reply(410)
        return Reply(429, headers={"Retry-After": "1"}) if name == "throttled" else None
