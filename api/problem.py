"""Every error as `application/problem+json` (RFC 9457), and never with what the caller sent.

{"type": "urn:feedback-triage:problem:invalid-input", "title": "Invalid input",
 "status": 422, "detail": "score: must be at most 10",
 "errors": [{"pointer": "#/score", "detail": "must be at most 10"}]}
"""

import logging
from collections.abc import Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage.errors import PayloadTooLarge, TriageError, without_words

_RETRY_AFTER_SECONDS = "5"
_MOST_ERRORS = 20
_log = logging.getLogger(__name__)


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    pointer: str
    """JSON pointer to it, as a URI fragment; for a query parameter, its name."""
    detail: str


class Problem(BaseModel):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


class ProblemResponse(JSONResponse):
    """An answer with a `Problem`."""

    media_type = "application/problem+json"

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.model_dump(exclude_none=True), problem.status, headers)


def problem_docs(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of the errors that an endpoint may answer."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {ProblemResponse.media_type: schema}}
        for status in statuses
    }


def triage_problem(error: TriageError) -> ProblemResponse:
    """Return the answer to one of our own errors."""
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if error.retryable else {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return ProblemResponse(_problem(error.slug(), error.title, error.status, str(error)), headers)


def field_errors(errors: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """Translate Pydantic's errors, without the values they are about."""
    return [_field_error(error) for _, error in zip(range(_MOST_ERRORS), errors, strict=False)]


def install(app: FastAPI) -> None:
    """Make `app` answer every error with a problem, and its OpenAPI document say so."""
    app.openapi = partial(_documented, app)  # type: ignore[method-assign]

    @app.exception_handler(TriageError)
    async def on_triage_error(_request: Request, error: TriageError) -> ProblemResponse:
        return triage_problem(error)

    @app.exception_handler(RequestValidationError)
    async def on_validation_error(_request: Request, error: RequestValidationError) -> ProblemResponse:
        return _validation_problem(error)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> ProblemResponse:
        return _http_problem(request, error)


def _documented(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with our problems where FastAPI would put errors of its own."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        schemas = document["components"]["schemas"]
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs") | {"Problem": schema}
        for operation in (each for item in document["paths"].values() for each in item.values()):
            if "422" in operation["responses"]:
                operation["responses"]["422"] = problem_docs(422)[422]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
    return FastAPI.openapi(app)


class Faults:
    """Plain ASGI, around everything: answers what nobody foresaw, and logs it without its words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer 500 where it fails before it has answered."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            if scope["type"] != "http":
                raise
            # The route, not the path: links to surveys and tickets are keys.
            route = getattr(scope.get("route"), "path", "an unknown address")
            _log.error("%s %s failed: %s", scope["method"], route, without_words(error))
            if not started:
                detail = "this is a fault of the service; its log says where"
                problem = _problem("internal-error", "Internal error", 500, detail)
                await ProblemResponse(problem)(scope, receive, send)


def _validation_problem(error: RequestValidationError) -> ProblemResponse:
    details = error.errors()
    if details and details[0]["type"] == "json_invalid":
        return _malformed(f"at character {details[0]['loc'][-1]}: {details[0]['ctx']['error']}")
    errors = field_errors(details)
    summary = "; ".join(f"{e.pointer.removeprefix('#/') or 'body'}: {e.detail}" for e in errors[:3])
    problem = _problem("invalid-input", "Invalid input", 422, summary)
    return ProblemResponse(problem.model_copy(update={"errors": errors}))


def _malformed(where: str) -> ProblemResponse:
    return ProblemResponse(
        _problem("malformed-json", "Malformed JSON", 400, f"the body is not valid JSON {where}")
    )


def _field_error(error: Mapping[str, Any]) -> FieldError:
    source, *place = error["loc"] or ("body",)
    pointer = "#/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in place)
    return FieldError(
        pointer=pointer if source == "body" else ".".join(map(str, place)), detail=_detail(error)
    )


def _detail(error: Mapping[str, Any]) -> str:
    """Say what to do, in the words of this service where Pydantic's would puzzle."""
    context = error.get("ctx", {})
    match error["type"]:
        case "string_too_long":
            return f"may have at most {context['max_length']:,} characters"
        case "string_unicode":
            return "has half a character (a lone surrogate); send valid Unicode"
        case "extra_forbidden":
            return "is not a field of this request"
        case "model_attributes_type" | "dict_type" | "model_type":
            return "must be a JSON object, sent with Content-Type: application/json"
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    return message if message != error["msg"] and error["type"] == "value_error" else _lowered(error["msg"])


def _lowered(message: str) -> str:
    message = message.replace("Input should be", "must be").replace("Field required", "is required")
    return message[:1].lower() + message[1:]


def _http_problem(request: Request, error: HTTPException) -> ProblemResponse:
    status = HTTPStatus(error.status_code)
    if status == PayloadTooLarge.status:
        return triage_problem(PayloadTooLarge(str(error.detail)))
    if status == HTTPStatus.BAD_REQUEST:
        # FastAPI's answer where the body is no text at all, or nested beyond reason.
        return _malformed("that the service can read")
    detail = {
        404: f"there is nothing at {request.url.path[:200]}",
        405: f"{request.method} is not possible here; see /docs",
    }.get(error.status_code, str(error.detail))
    slug = status.phrase.lower().replace(" ", "-")
    return ProblemResponse(_problem(slug, status.phrase, status, detail), error.headers)


def _problem(slug: str, title: str, status: int, detail: str) -> Problem:
    return Problem(type=f"urn:feedback-triage:problem:{slug}", title=title, status=status, detail=detail)
