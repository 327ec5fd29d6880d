"""An SMS gateway with Twilio's interface: one form posted for each message.

Twilio repeats nothing by itself and knows no idempotency key, so that a request without
an answer may have been sent, and is never repeated here.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import Remote, retry_after
from triage.settings import SmsSettings
from triage.surveys.channels.undeliverable import Undeliverable
from triage.surveys.suppression import OPT_OUT
from triage.types import Letter

_STOPPED: Final = 21610
"""The recipient answered STOP."""
_NO_SUCH_NUMBER: Final = frozenset({21211, 21214, 21217, 21421, 21614})
_NOT_CONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Nothing was sent, and all of it can be sent again."""
_KINDS: Final = {401: Kind.SIGN_IN, 403: Kind.FORBIDDEN, 429: Kind.THROTTLED}


class SmsGateway:
    """Sends by HTTP. Thread-safe."""

    def __init__(self, settings: SmsSettings) -> None:
        self._url = f"{settings.url}/2010-04-01/Accounts/{settings.account}/Messages.json"
        sender_is_service = settings.sender.startswith("MG")
        self._sender = {"MessagingServiceSid" if sender_is_service else "From": settings.sender}
        login = f"{settings.account}:{settings.token.get_secret_value()}".encode()
        self._headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
        self._remote = Remote(per_second=settings.calls_per_second)

    def send(self, letter: Letter, begin: Callable[[], None]) -> str | None:
        """See `ports.Messenger.send`. Returns the gateway's `sid`."""
        begin()
        form = {"To": letter.recipient, "Body": letter.text, **self._sender}
        answer = self._post(form)
        body = _json(answer)
        if answer.status_code in (200, 201):
            return str(body.get("sid") or "") or None
        raise _failure(answer, body)

    def _post(self, form: Mapping[str, str]) -> httpx.Response:
        try:
            # Not in the trace: the answer repeats the body, with the customer's own link.
            return self._remote.send("POST", self._url, headers=self._headers, data=form, secret=True)
        except DeliveryError as error:
            if isinstance(error.__cause__, _NOT_CONNECTED):
                raise DeliveryError(Kind.OVERLOADED, str(error)) from error
            raise

    def close(self) -> None:
        """See `ports.Messenger.close`."""
        self._remote.close()


def _failure(answer: httpx.Response, body: dict[str, Any]) -> Exception:
    code, words = body.get("code"), f"{body.get('code', '')} {body.get('message', '')}".strip()
    if code == _STOPPED:
        return Undeliverable(words, OPT_OUT)
    if code in _NO_SUCH_NUMBER:
        return Undeliverable(words)
    status = answer.status_code
    if status >= 500 and status != httpx.codes.SERVICE_UNAVAILABLE:
        # It may have been sent before something broke: as good as no answer.
        return DeliveryError(Kind.NETWORK, words, status=status)
    kind = Kind.OVERLOADED if status >= 500 else _KINDS.get(status, Kind.REFUSED)
    return DeliveryError(kind, words or f"HTTP {status}", status=status, retry_after=retry_after(answer))


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
