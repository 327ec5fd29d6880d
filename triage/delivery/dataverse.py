"""What Dataverse answers: rows, or an error that says what helps."""

from typing import Any, Final

import httpx

from triage.delivery.failure import DeliveryError, Kind
from triage.delivery.http import retry_after

_NO_CONTACT: Final = "0x80060891"


def failure(answer: httpx.Response) -> DeliveryError:
    """What an answer that is no success means. Matched on the status: codes differ by release."""
    code, message = _error(answer)
    return DeliveryError(
        _kind(answer.status_code, code, message),
        f"{answer.status_code} {code}: {message}",
        status=answer.status_code,
        retry_after=retry_after(answer),
    )


def _kind(status: int, code: str, message: str) -> Kind:
    if code == _NO_CONTACT or _NO_CONTACT in message:
        return Kind.CUSTOMER
    if status >= 500:
        return Kind.OVERLOADED
    by_status = {300: Kind.AMBIGUOUS, 401: Kind.SIGN_IN, 403: Kind.FORBIDDEN, 429: Kind.THROTTLED}
    return by_status.get(status, Kind.REFUSED)


def raced(answer: httpx.Response) -> bool:
    """Two creates of one key at the same moment may both be told this: one of them succeeded."""
    return answer.status_code == httpx.codes.BAD_REQUEST and "matching key values" in _error(answer)[1]


def rows_of(answer: httpx.Response) -> dict[str, Any]:
    """The body of a success. Raises `DeliveryError` for anything else."""
    if answer.status_code not in (httpx.codes.OK, httpx.codes.CREATED):
        raise failure(answer)
    try:
        body: dict[str, Any] = answer.json()
    except ValueError as error:
        words = "the answer is no JSON: a proxy's page, or another address than Dataverse's"
        raise DeliveryError(Kind.OVERLOADED, words, status=answer.status_code) from error
    return body


def _error(answer: httpx.Response) -> tuple[str, str]:
    try:
        error = answer.json()["error"]
        return str(error.get("code", "")), str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", answer.text
