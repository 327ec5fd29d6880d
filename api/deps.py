"""What endpoints ask for: the services, and the right to do what they do."""

from collections.abc import Callable, Coroutine
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from triage.errors import Forbidden
from triage.keys import Caller, Scope
from triage.wiring import Services

# Documents the header; the guard has checked it before any endpoint runs.
_bearer = HTTPBearer(
    auto_error=False, description="An API key, made by `triage keys create`; `X-API-Key` carries it too."
)


async def _services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(_services)]


def allowed(scope: Scope) -> Callable[..., Coroutine[None, None, Caller]]:
    """Return a dependency that gives the caller. It raises `Forbidden` without `scope`."""

    async def caller(request: Request, _: Annotated[object, Security(_bearer)]) -> Caller:
        known = cast(Caller, request.state.caller)
        if scope not in known.scopes:
            raise Forbidden(f"this API key lacks the scope {scope}")
        return known

    return caller


def answer(body: BaseModel, status: int = 200) -> Response:
    """Return `body` as JSON, serialised once and in the endpoint's own thread."""
    return Response(body.__pydantic_serializer__.to_json(body), status, media_type="application/json")
