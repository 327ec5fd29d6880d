"""E-mail by SMTP, one connection a message.

Everything that can be refused is asked before the message itself: sign-in, sender and
recipient. Only then `begin` is called, so that the time in which a crash leaves it open
whether a message left is the time of the DATA command.
"""

import asyncio
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, parseaddr

import aiosmtplib
from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPResponseException

from triage.delivery.failure import DeliveryError, Kind
from triage.ports import Clock
from triage.settings import SmtpSettings
from triage.surveys.channels.undeliverable import Undeliverable
from triage.types import Letter

_TIMEOUT_SECONDS = 30.0
_TLS_PORT = 465
_NO_SUCH_MAILBOX = (550, 551, 553)
_POLICY = "5.7."


class SmtpMailer:
    """Sends through one mail server. Thread-safe."""

    def __init__(self, settings: SmtpSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._name, self._address = parseaddr(settings.sender)

    def send(self, letter: Letter, begin: Callable[[], None]) -> str | None:
        """See `ports.Messenger.send`. Returns the Message-ID."""
        message = self.compose(letter)
        asyncio.run(self._send(message, letter.recipient, begin))
        return str(message["Message-ID"])

    def close(self) -> None:
        """Nothing is held between messages."""

    def compose(self, letter: Letter) -> EmailMessage:
        """Return the message: a text part, an HTML part, and the headers of a bulk sender's good manners."""
        message = EmailMessage(policy=WIRE)
        message["From"] = Address(letter.sender_name or self._name, addr_spec=self._address)
        message["To"] = Address(addr_spec=letter.recipient)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{letter.key}@{self._address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        if letter.unsubscribe_url:
            message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(letter.text)
        if letter.html:
            message.add_alternative(letter.html, subtype="html")
        # Last: setting the content clears every header that begins so.
        message["Content-Language"] = letter.language
        return message

    async def _send(self, message: EmailMessage, recipient: str, begin: Callable[[], None]) -> None:
        client = self._client()
        try:
            await self._introduce(client, recipient)
            begin()
            try:
                await client.data(message.as_bytes())
            except SMTPResponseException as error:
                raise _refused(error) from error
            except (SMTPException, OSError) as error:
                raise DeliveryError(Kind.NETWORK, f"{type(error).__name__} after DATA") from error
        finally:
            client.close()

    async def _introduce(self, client: aiosmtplib.SMTP, recipient: str) -> None:
        try:
            await client.connect()
            await client.mail(self._address)
            await client.rcpt(recipient)
        except SMTPAuthenticationError as error:
            raise DeliveryError(Kind.SIGN_IN, _words(error), status=error.code) from error
        except SMTPResponseException as error:
            if isinstance(error, aiosmtplib.SMTPRecipientRefused) and _is_no_mailbox(error):
                raise Undeliverable(_words(error)) from error
            raise _refused(error) from error
        except (SMTPException, OSError) as error:
            # Nothing has been handed over yet: an overload, which is repeated, whatever it was.
            raise DeliveryError(Kind.OVERLOADED, f"{type(error).__name__}: {error}") from error

    def _client(self) -> aiosmtplib.SMTP:
        password = self._settings.password
        is_tls = self._settings.port == _TLS_PORT
        return aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            username=self._settings.username,
            password=password.get_secret_value() if password else None,
            use_tls=is_tls,
            start_tls=self._settings.starttls and not is_tls,
            timeout=_TIMEOUT_SECONDS,
        )


def _refused(error: SMTPResponseException) -> DeliveryError:
    """The server said no: for now (4xx), or to this message whenever it comes (5xx)."""
    kind = Kind.OVERLOADED if error.code < 500 else Kind.REFUSED
    return DeliveryError(kind, _words(error), status=error.code)


def _is_no_mailbox(error: SMTPResponseException) -> bool:
    """550 also stands for "you look like spam" (5.7.x), which says nothing about the mailbox."""
    return error.code in _NO_SUCH_MAILBOX and not error.message.startswith(_POLICY)


def _words(error: SMTPResponseException) -> str:
    return f"{error.code} {error.message}"
