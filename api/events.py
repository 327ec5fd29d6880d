"""`/v1/events`: what happened to customers, which may lead to a survey; and who is not to be asked."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import Field, TypeAdapter, ValidationError

from api.deps import ServicesDep, allowed, answer
from api.problem import FieldError, field_errors, problem_docs
from api.schema import Country, In, Name, Out, refused_id
from triage.errors import Conflict, InvalidInput, NotFound
from triage.keys import Caller
from triage.surveys.event import CustomerEvent
from triage.surveys.events import EventReceipt
from triage.surveys.incoming import EventIn
from triage.surveys.service import Surveys
from triage.surveys.suppression import BOUNCE, OPT_OUT, Reason
from triage.wiring import Services

router = APIRouter(tags=["surveys"])

MAX_BATCH = 1_000


class EventOut(Out):
    """An event that is stored. Whether its customer is asked is decided when the time comes."""

    id: str
    external_id: str

    @classmethod
    def of(cls, receipt: EventReceipt) -> "EventOut":
        """Return the HTTP form of `receipt`."""
        return cls(id=receipt.id, external_id=receipt.external_id)


class EventBatchIn(In):
    """Many events at once."""

    events: list[Any] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        json_schema_extra={"items": {"$ref": "#/components/schemas/EventIn"}},
    )
    """Each as in `POST /v1/events`; a bad one spoils none of the others."""


class EventOutcome(Out):
    """The outcome of one event of a batch, in the order they were sent."""

    external_id: str | None
    status: Literal["created", "repeated", "conflict", "invalid"]
    id: str | None = None
    errors: list[FieldError] | None = None


class EventBatchOut(Out):
    """One outcome for each event."""

    outcomes: list[EventOutcome]


class SuppressionIn(In):
    """A customer, or an address of theirs; at least one of the three."""

    customer_id: Name | None = None
    email: Name | None = None
    phone: Name | None = None
    """With + and the country's code, or as it is dialled in `country`."""
    country: Country | None = None
    detail: Name = ""
    """Why, for whoever looks it up."""


class SuppressionOut(Out):
    """What is not written to any more."""

    suppressed: int
    """How many of the given three; one that cannot be an address is left out."""


Writer = Annotated[Caller, Depends(allowed("events:write"))]
_EVENT_IN: TypeAdapter[EventIn] = TypeAdapter(EventIn)


@router.post(
    "/v1/events",
    status_code=201,
    response_model=EventOut,
    responses=problem_docs(400, 401, 403, 404, 409, 413, 422, 503)
    | {200: {"model": EventOut, "description": "Sent before"}},
)
def post_event(services: ServicesDep, caller: Writer, body: EventIn) -> Response:
    """Take in something that happened to a customer."""
    receipt = next(_surveys(services).events.accept_many(caller.client, [body.to_event()]))
    if receipt.status == "conflict":
        raise Conflict("this external_id is known with another body: send a new external_id")
    return answer(EventOut.of(receipt), 201 if receipt.status == "created" else 200)


@router.post(
    "/v1/events/batch",
    response_model=EventBatchOut,
    responses=problem_docs(400, 401, 403, 404, 413, 422, 503),
)
def post_events(services: ServicesDep, caller: Writer, body: EventBatchIn) -> Response:
    """Take in up to 1,000 events, with an outcome for each."""
    checked = [*map(_checked, body.events)]
    valid = [item for item in checked if isinstance(item, CustomerEvent)]
    receipts = _surveys(services).events.accept_many(caller.client, valid)
    outcomes = [item if isinstance(item, EventOutcome) else _outcome(next(receipts)) for item in checked]
    return answer(EventBatchOut(outcomes=outcomes))


@router.post(
    "/v1/opt-outs", response_model=SuppressionOut, responses=problem_docs(400, 401, 403, 404, 413, 422, 503)
)
def post_opt_out(services: ServicesDep, caller: Writer, body: SuppressionIn) -> Response:
    """Never ask a customer again, who said so anywhere: to an agent, by STOP in an SMS, in a privacy form."""
    return answer(_suppress(services, OPT_OUT, body))


@router.post(
    "/v1/bounces", response_model=SuppressionOut, responses=problem_docs(400, 401, 403, 404, 413, 422, 503)
)
def post_bounce(services: ServicesDep, caller: Writer, body: SuppressionIn) -> Response:
    """Never write again to an address that does not exist, as a mail server or a gateway said later."""
    if body.customer_id:
        raise InvalidInput("customer_id: an address comes back, not a customer; send email or phone")
    return answer(_suppress(services, BOUNCE, body))


def _surveys(services: Services) -> Surveys:
    if services.surveys is None:
        raise NotFound("no surveys are sent from here: TRIAGE_SURVEYS_DIR is not set")
    return services.surveys


def _suppress(services: Services, reason: Reason, body: SuppressionIn) -> SuppressionOut:
    count = _surveys(services).suppress(reason, **body.model_dump())
    if not count:
        raise InvalidInput("give a customer_id, or an email or phone that can exist")
    return SuppressionOut(suppressed=count)


def _checked(item: Any) -> CustomerEvent | EventOutcome:
    try:
        return _EVENT_IN.validate_python(item).to_event()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        errors = field_errors({**detail, "loc": ("body", *detail["loc"])} for detail in details)
        return EventOutcome(external_id=refused_id(item), status="invalid", errors=errors)


def _outcome(receipt: EventReceipt) -> EventOutcome:
    stored = None if receipt.status == "conflict" else receipt.id
    return EventOutcome(external_id=receipt.external_id, status=receipt.status, id=stored)
