"""`/v1/responses`: survey responses come in and are triaged."""

import json
import math
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic.types import JsonValue

from api.deps import ServicesDep, allowed, answer
from api.finding import FindingOut
from api.problem import FieldError, field_errors, problem_docs
from api.schema import (
    AttributeText,
    Comment,
    Country,
    Identifier,
    In,
    Locale,
    Name,
    Out,
    Question,
    refused_id,
)
from api.tickets import TicketOut
from triage.errors import Conflict
from triage.keys import Caller
from triage.receipts import Receipt
from triage.tables import ResponseState
from triage.types import Customer, SurveyResponse

router = APIRouter(tags=["responses"])

MAX_BATCH = 1_000
_MAX_ATTRIBUTES = 50
_EXAMPLE: dict[str, JsonValue] = {
    "external_id": "nps-2026-000481",
    "comment": "Commessa gentilissima, ma il divano doveva arrivare giovedì: quando lo consegnate?",
    "question": "Perché ci ha dato questo voto?",
    "score": 6,
    "survey": "post-delivery",
    "touchpoint": "delivery",
    "country": "IT",
    "locale": "it-IT",
    "channel": "email",
    "occurred_at": "2026-03-04T10:15:00+01:00",
    "customer": {"id": "C-1042", "email": "giulia@example.com", "name": "Giulia"},
    "attributes": {"store": "Milano Duomo", "order_number": "48213"},
}


def _plausible(moment: datetime) -> datetime:
    """Refuse years that no survey was answered in: some cannot even be turned into UTC."""
    if not 1990 <= moment.year <= 2100:
        raise ValueError("must be between 1990 and 2100")
    return moment.astimezone(UTC)


def _as_text(value: object) -> str:
    """Keep an attribute as it stands in JSON: `true`, 48213, Milano."""
    if isinstance(value, str):
        return value
    # Only of a float: a whole number of 400 digits is finite, and too large to be asked.
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    raise ValueError("must be text, a number, true or false")


class CustomerIn(In):
    """Who answered."""

    id: Name | None = None
    email: Name | None = None
    phone: Name | None = None
    name: Name | None = None


Attribute = Annotated[
    AttributeText, BeforeValidator(_as_text, json_schema_input_type=str | int | float | bool)
]


class ResponseIn(In):
    """One answered survey."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    external_id: Identifier
    """Yours: sending it again gives the first result."""
    comment: Comment = ""
    """In any language; may be empty."""
    question: Question | None = None
    """What the customer was asked, in their language."""
    score: int | None = Field(default=None, ge=0, le=10)
    survey: Name | None = None
    touchpoint: Name | None = None
    country: Country | None = None
    """ISO 3166-1 alpha-2."""
    locale: Locale | None = None
    """A hint such as `de-CH`."""
    channel: Name | None = None
    occurred_at: Annotated[AwareDatetime, Field(strict=False), AfterValidator(_plausible)] | None = None
    customer: CustomerIn = CustomerIn()
    attributes: dict[Identifier, Attribute] = Field(default={}, max_length=_MAX_ATTRIBUTES)
    """Store, seller, order number, and whatever else you know."""

    def to_response(self) -> SurveyResponse:
        """Return the value that the service works with."""
        customer = self.customer
        return SurveyResponse(
            external_id=self.external_id,
            comment=self.comment,
            question=self.question,
            score=self.score,
            survey=self.survey,
            touchpoint=self.touchpoint,
            country=self.country,
            locale=self.locale,
            channel=self.channel,
            occurred_at=self.occurred_at,
            customer=Customer(id=customer.id, email=customer.email, phone=customer.phone, name=customer.name),
            attributes=self.attributes,
        )


class ReceiptOut(Out):
    """What became of a response."""

    id: str
    external_id: str
    state: ResponseState
    """`pending_analysis`: stored, and analysed as soon as that is possible."""
    finding: FindingOut | None
    ticket: TicketOut | None

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        """Return the HTTP form of `receipt`."""
        return cls(
            id=receipt.response_id,
            external_id=receipt.external_id,
            state=receipt.state,
            finding=FindingOut.of(receipt.finding) if receipt.finding else None,
            ticket=TicketOut.of(receipt.ticket) if receipt.ticket else None,
        )


class BatchIn(In):
    """Many responses at once."""

    responses: list[Any] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        json_schema_extra={"items": {"$ref": "#/components/schemas/ResponseIn"}},
    )
    """Each as in `POST /v1/responses`; a bad one spoils none of the others."""
    historical: bool = False
    """Store and analyse, but open no tickets."""


class OutcomeOut(Out):
    """The outcome of one response of a batch, in the order they were sent."""

    external_id: str | None
    status: Literal["created", "repeated", "conflict", "invalid"]
    result: ReceiptOut | None = None
    detail: str | None = None
    errors: list[FieldError] | None = None


class BatchOut(Out):
    """One outcome for each response."""

    outcomes: list[OutcomeOut]


Writer = Annotated[Caller, Depends(allowed("responses:write"))]
_RESPONSE_IN: TypeAdapter[ResponseIn] = TypeAdapter(ResponseIn)


@router.post(
    "/v1/responses",
    status_code=201,
    response_model=ReceiptOut,
    responses=problem_docs(400, 401, 403, 409, 413, 422, 503)
    | {200: {"model": ReceiptOut, "description": "Sent before: the first result"}},
)
def post_response(services: ServicesDep, caller: Writer, body: ResponseIn) -> Response:
    """Take in a survey response. The answer comes after it is stored with its finding and ticket."""
    receipt = services.intake.accept(caller.client, body.to_response())
    return answer(ReceiptOut.of(receipt), 201 if receipt.created else 200)


@router.post(
    "/v1/responses/batch",
    response_model=BatchOut,
    responses=problem_docs(400, 401, 403, 413, 422, 503),
)
def post_batch(services: ServicesDep, caller: Writer, body: BatchIn) -> Response:
    """Take in up to 1,000 survey responses, with an outcome for each."""
    checked = [*map(_checked, body.responses)]
    valid = [item for item in checked if isinstance(item, SurveyResponse)]
    receipts = services.intake.accept_many(caller.client, valid, historical=body.historical)
    outcomes = [item if isinstance(item, OutcomeOut) else _outcome(item, next(receipts)) for item in checked]
    return answer(BatchOut(outcomes=outcomes))


@router.get(
    "/v1/responses/{response_id}",
    response_model=ReceiptOut,
    responses=problem_docs(401, 403, 404, 422),
    dependencies=[Depends(allowed("responses:read"))],
)
def read_response(services: ServicesDep, response_id: str) -> Response:
    """Return what became of a response."""
    return answer(ReceiptOut.of(services.intake.find(response_id)))


def _checked(item: Any) -> SurveyResponse | OutcomeOut:
    try:
        return _RESPONSE_IN.validate_python(item).to_response()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        errors = field_errors({**detail, "loc": ("body", *detail["loc"])} for detail in details)
        return OutcomeOut(external_id=refused_id(item), status="invalid", errors=errors)


def _outcome(response: SurveyResponse, receipt: Receipt | Conflict) -> OutcomeOut:
    if isinstance(receipt, Conflict):
        return OutcomeOut(external_id=response.external_id, status="conflict", detail=str(receipt))
    status: Literal["created", "repeated"] = "created" if receipt.created else "repeated"
    return OutcomeOut(external_id=response.external_id, status=status, result=ReceiptOut.of(receipt))
