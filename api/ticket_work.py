"""Working on tickets: take, comment, resolve, correct, send again; and news from Dynamics."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, Header
from fastapi.responses import Response
from pydantic import ConfigDict, Field, model_validator

from api.deps import ServicesDep, allowed, answer
from api.problem import problem_docs
from api.schema import Comment, In, Name, Out
from api.tickets import TicketDetail
from triage.errors import Conflict, Unavailable
from triage.keys import Caller
from triage.labels import Category, Intent, Language, Polarity, Sentiment
from triage.tables import TicketStatus
from triage.tickets.history import DeliveryHistory, delivery_history
from triage.tickets.lifecycle import Change, change, comments_of
from triage.tickets.queries import get_ticket

router = APIRouter(tags=["tickets"])
MayWrite = Annotated[Caller, Depends(allowed("tickets:write"))]


class Labels(In):
    """Corrected labels, by the names of the annotation guidelines; give only what was wrong."""

    lang: Language | Literal["und"] | None = None
    aspects: dict[Category, Polarity] | None = None
    sentiment: Sentiment | None = None
    request: Intent | None = None
    """Null says that there is no request."""
    request_text: Comment | None = None
    """The exact part of the comment that asks."""
    urgent: bool | None = None


class TicketPatch(In):
    """What to change; everything else stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"assignee": "eva", "comment": "Called her, no answer."}]}
    )

    author: Name | None = None
    """Who does it; the API key's client where it is not said."""
    assignee: Name | None = None
    """Takes an open ticket: it is in progress then. An empty text gives it back."""
    comment: Comment | None = None
    """Added to the ticket, here and in its system."""
    status: TicketStatus | None = None
    resolution: Annotated[Comment, Field(max_length=1_000)] | None = None
    """How it was resolved; with `status`: `resolved`."""
    not_a_request: bool = False
    """Nobody asked for anything: resolves the ticket and teaches the model."""
    labels: Labels | None = None
    """Kept as training data; see `triage feedback export`."""

    @model_validator(mode="after")
    def _resolves(self) -> Self:
        if self.resolution and self.status != "resolved" and not self.not_a_request:
            raise ValueError('a resolution goes with `"status": "resolved"` or `"not_a_request": true`')
        return self


class CommentOut(Out):
    """Something that was added to a ticket."""

    id: str
    author: str
    text: str
    response_id: str | None
    """The response that joined this ticket; null for an agent's words."""
    created_at: datetime


class AttemptOut(Out):
    """One try to send something."""

    number: int
    at: datetime
    milliseconds: int
    outcome: str
    status: int | None
    answer: str
    replica: str


class DeliveryOut(Out):
    """Something sent, or to be sent, and every attempt."""

    kind: str
    system: str
    event: str | None
    state: str
    next_at: datetime
    error: str | None
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, history: DeliveryHistory) -> Self:
        """Return the HTTP form of `history`."""
        row = history.delivery
        attempts = [AttemptOut.model_validate(a, from_attributes=True) for a in history.attempts]
        event = row.event["type"] if row.event else None
        values = row.model_dump(include={"kind", "system", "state", "next_at", "error"})
        return cls(**values, event=event, attempts=attempts)


class TicketHistory(Out):
    """What happened to a ticket, oldest first."""

    comments: list[CommentOut]
    deliveries: list[DeliveryOut]


class Retried(Out):
    """How many deliveries are under way again."""

    deliveries: int


@router.patch(
    "/v1/tickets/{ticket_id}", response_model=TicketDetail, responses=problem_docs(401, 403, 404, 409, 422)
)
def change_ticket(services: ServicesDep, caller: MayWrite, ticket_id: str, patch: TicketPatch) -> Response:
    """Take a ticket, comment on it, resolve it, or correct what the model found.

    A ticket that another system works on takes comments and corrections only; its status
    is that system's.
    """
    labels = patch.labels.model_dump(exclude_unset=True) if patch.labels else {}
    wanted = Change(author=patch.author or caller.client, labels=labels, **_fields(patch))
    with services.database.write() as session:
        change(session, ticket_id, wanted, services.jobs, services.clock.now())
        session.flush()
        return answer(TicketDetail.of_view(get_ticket(session, ticket_id)))


def _fields(patch: TicketPatch) -> dict[str, Any]:
    return patch.model_dump(include={"assignee", "comment", "status", "resolution", "not_a_request"})


@router.post(
    "/v1/tickets/{ticket_id}/retry",
    status_code=202,
    response_model=Retried,
    responses=problem_docs(401, 403, 404, 409),
    dependencies=[Depends(allowed("tickets:write"))],
)
def retry_ticket(services: ServicesDep, ticket_id: str) -> Response:
    """Send again what could not be delivered: a failed case, comment or event.

    A ticket that fell back to the inbox goes to the system it was meant for, where that is
    configured by now. 409 where there is nothing to send again.
    """
    with services.database.write() as session:
        get_ticket(session, ticket_id)
        count = services.jobs.retry(session, ticket_id) if services.jobs else 0
        if not count:
            raise Conflict("nothing of this ticket failed, so there is nothing to send again")
    return answer(Retried(deliveries=count), 202)


@router.get(
    "/v1/tickets/{ticket_id}/history",
    response_model=TicketHistory,
    responses=problem_docs(401, 403, 404),
    dependencies=[Depends(allowed("tickets:read"))],
)
def read_history(services: ServicesDep, ticket_id: str) -> Response:
    """Return the comments of a ticket, and every attempt to deliver it."""
    with services.database.read() as session:
        get_ticket(session, ticket_id)
        comments = [
            CommentOut.model_validate(c, from_attributes=True) for c in comments_of(session, ticket_id)
        ]
        deliveries = [DeliveryOut.of(history) for history in delivery_history(session, ticket_id)]
    return answer(TicketHistory(comments=comments, deliveries=deliveries))


class DataverseContext(Out):
    """The part of Dataverse's `RemoteExecutionContext` that is read; the rest is ignored."""

    PrimaryEntityId: str = Field(pattern="^[0-9a-fA-F-]{36}$")
    PrimaryEntityName: str | None = None


@router.post(
    "/v1/hooks/dynamics",
    status_code=204,
    responses=problem_docs(401, 403, 422, 503),
    dependencies=[Depends(allowed("tickets:write"))],
)
def dynamics_changed(
    services: ServicesDep,
    context: DataverseContext,
    entity: Annotated[str, Header(alias="x-ms-dynamics-entity-name")] = "incident",
) -> Response:
    """Take note of a change in Dynamics: a Dataverse webhook on Update of `incident`.

    Only the id is taken from the message; the case itself is then read, for messages may
    be old, repeated, or cut at 256 KB. Register it with the authentication `HttpHeader`
    and the header `Authorization: Bearer KEY`.
    """
    if (
        services.delivery
        and entity == "incident"
        and not services.delivery.refresh("dynamics", context.PrimaryEntityId)
    ):
        raise Unavailable("Dynamics could not be read; the next poll will find the change")
    return Response(status_code=204)
