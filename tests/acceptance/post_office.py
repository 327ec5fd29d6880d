"""A real SMTP server that keeps what it is given."""

import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller


class PostOffice:
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        # Port 0 would do, but the controller connects to the port it was told, to see that it listens.
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port())

    @property
    def port(self) -> int:
        return self._controller.port

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def wait_for(self, recipient: str, seconds: float = 90) -> EmailMessage:
        """The letter to `recipient`, as soon as it is here."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for letter in [*self.letters]:
                if recipient in letter["To"]:
                    return letter
            time.sleep(0.1)
        raise AssertionError(
            f"no letter to {recipient}; there are {[letter['To'] for letter in self.letters]}"
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
