"""A real mail server in a thread, that keeps what it is given and refuses what a test says."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.chaos.replica import free_port

USER, PASSWORD = "casa", "a password of no importance"


@dataclass
class FakeSmtp:
    """What arrived, in order. `refuse` and `refuse_data` answer for a recipient."""

    messages: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    refuse_data: dict[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if answer := self.refuse_data.pop(envelope.rcpt_tos[0], ""):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        with self._lock:
            self.messages.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def settings(self) -> dict[str, Any]:
        return {"host": self.host, "port": self.port, "starttls": False, "from": "Casa <ask@casa.example>"}

    @contextmanager
    def running(self, **options: Any) -> Iterator["FakeSmtp"]:
        self.port = free_port()
        controller = Controller(self, hostname=self.host, port=self.port, **options)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()


def checks_password(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(), PASSWORD.encode(),
    )  # fmt: skip
    return AuthResult(success=known, handled=False)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def link_in(message: EmailMessage) -> str:
    """The survey link of a message."""
    found = re.search(r"https?://\S+/s/[\w-]+(?=\s|$)", part(message, "plain"))
    assert found, part(message, "plain")
    return found[0]
