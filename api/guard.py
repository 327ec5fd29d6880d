"""The first look at a request, before its body is read: who is calling, and how much they send.

Plain ASGI: it adds microseconds where a Starlette middleware would add a task and a queue.
"""

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import triage_problem
from triage.errors import InvalidInput, PayloadTooLarge, TriageError, Unauthorized
from triage.keys import ApiKeys, Caller

PROTECTED = "/v1/"
_LARGE = ("/v1/responses/batch", "/v1/classify", "/v1/events/batch")
"""What takes many texts at once."""


class Guard:
    """Refuses callers without a valid key under `/v1/`, and bodies over the limit anywhere."""

    def __init__(self, app: ASGIApp, *, keys: ApiKeys, max_body: int, max_batch: int) -> None:
        self._app = app
        self._keys = keys
        self._max_body = max_body
        self._max_batch = max_batch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on with `state.caller` set."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._max_batch if scope["path"] in _LARGE else self._max_body
        try:
            if scope["path"].startswith(PROTECTED):
                _check_address(scope)
                scope.setdefault("state", {})["caller"] = await self._caller(headers)
            _check_length(headers, limit)
        except TriageError as error:
            await triage_problem(error)(scope, receive, send)
            return
        await self._app(scope, _limited(receive, limit), send)

    async def _caller(self, headers: Headers) -> Caller:
        secret = _secret(headers)
        if caller := self._keys.remembered(secret):
            return caller
        return await to_thread.run_sync(self._keys.authenticate, secret)


def _secret(headers: Headers) -> str:
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    secret = secret.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    if not secret:
        raise Unauthorized("send an API key: Authorization: Bearer YOUR_KEY (`triage keys create` makes one)")
    return secret


def _check_address(scope: Scope) -> None:
    """Refuse NUL in path and query: PostgreSQL cannot even look it up."""
    if "\0" in scope["path"] or b"%00" in scope["query_string"] or b"\0" in scope["query_string"]:
        raise InvalidInput("the address has a NUL character (%00): remove it")


def _check_length(headers: Headers, limit: int) -> None:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise PayloadTooLarge(_too_large(limit))


def _too_large(limit: int) -> str:
    return f"the body may have at most {limit:,} bytes, and a comment 10,000 characters"


def _limited(receive: Receive, limit: int) -> Receive:
    """Count what comes in: a chunked body does not say its length."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            # FastAPI passes on this exception alone from where it reads the body.
            raise HTTPException(413, _too_large(limit))
        return message

    return counting
