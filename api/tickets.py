"""`/v1/tickets`: what a person must act on."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, ConfigDict, Field

from api.deps import ServicesDep, allowed, answer
from api.finding import FindingOut
from api.problem import problem_docs
from api.schema import Country, In, Out
from triage.labels import Category, Intent, Language
from triage.tables import DeliveryState, TicketRow, TicketStatus
from triage.tickets.queries import Page, TicketFilter, TicketView, get_ticket, list_tickets
from triage.types import Priority, System

router = APIRouter(tags=["tickets"], dependencies=[Depends(allowed("tickets:read"))])


class TicketOut(Out):
    """A ticket, as it is now."""

    id: str
    status: TicketStatus
    delivery: DeliveryState
    """Whether it has reached its system."""
    system: System
    """Where it is delivered."""
    intended_system: System
    """Where the rules would have it; differs where that system is not configured."""
    queue: str
    priority: Priority
    due_at: datetime
    subject: str
    reasons: list[str]
    """Why it was opened and routed there."""
    remote_id: str | None
    remote_url: str | None
    error: str | None
    """Why the last attempt to deliver it failed, in the other system's words."""
    assignee: str | None
    resolution: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None
    resolved_at: datetime | None

    @classmethod
    def of(cls, ticket: TicketRow) -> Self:
        """Return the HTTP form of `ticket`."""
        return cls.model_validate(ticket, from_attributes=True)


class TicketResponse(Out):
    """The survey response that the ticket is about."""

    id: str
    external_id: str
    comment: str
    question: str | None
    score: int | None
    survey: str | None
    touchpoint: str | None
    country: str | None
    channel: str | None
    occurred_at: datetime | None
    received_at: datetime
    customer_id: str | None
    customer_email: str | None
    customer_phone: str | None
    customer_name: str | None
    attributes: dict[str, str]


class TicketDetail(TicketOut):
    """A ticket with all that an agent needs to answer it."""

    response: TicketResponse
    finding: FindingOut

    @classmethod
    def of_view(cls, view: TicketView) -> Self:
        """Return the HTTP form of `view`."""
        return cls(
            **TicketOut.of(view.ticket).model_dump(),
            response=TicketResponse.model_validate(view.response, from_attributes=True),
            finding=FindingOut.of(view.finding),
        )


class TicketPage(Out):
    """Some tickets, newest first."""

    items: list[TicketDetail]
    next_cursor: str | None
    """Give it as `cursor` to read on; null at the end."""

    @classmethod
    def of(cls, page: Page) -> Self:
        """Return the HTTP form of `page`."""
        return cls(items=[*map(TicketDetail.of_view, page.items)], next_cursor=page.next_cursor)


class TicketQuery(In):
    """Filters of the list; all that are given must hold."""

    model_config = ConfigDict(strict=False)  # a query string has no types

    status: TicketStatus | None = None
    delivery: DeliveryState | None = None
    queue: str | None = Field(default=None, max_length=100)
    system: System | None = None
    category: Category | None = None
    intent: Intent | None = None
    language: Language | Literal["und"] | None = None
    country: Country | None = None
    since: AwareDatetime | None = None
    """Opened at this moment or later."""
    cursor: str | None = None
    """The `next_cursor` of the page before."""
    limit: int = Field(default=50, ge=1, le=200)


@router.get("/v1/tickets", response_model=TicketPage, responses=problem_docs(401, 403, 422))
def read_tickets(services: ServicesDep, query: Annotated[TicketQuery, Query()]) -> Response:
    """List tickets, newest first, page by page."""
    wanted = TicketFilter(**query.model_dump(exclude={"cursor", "limit"}))
    with services.database.read() as session:
        page = list_tickets(session, wanted, limit=query.limit, cursor=query.cursor)
    return answer(TicketPage.of(page))


@router.get(
    "/v1/tickets/{ticket_id}", response_model=TicketDetail, responses=problem_docs(401, 403, 404, 422)
)
def read_ticket(services: ServicesDep, ticket_id: str) -> Response:
    """Return one ticket."""
    with services.database.read() as session:
        return answer(TicketDetail.of_view(get_ticket(session, ticket_id)))
