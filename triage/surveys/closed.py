"""The loop closes: a ticket was resolved, and its customer may be asked how it was handled."""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from triage.surveys.answers import CLIENT
from triage.surveys.event import CustomerEvent, email_of, phone_of
from triage.surveys.events import Events
from triage.surveys.tables import EventRow, same_customer
from triage.tables import ResponseRow, TicketRow


def complaint_closed(session: Session, ticket_id: str, events: Events, now: datetime) -> None:
    """Store that a complaint is over, once for each ticket, in the caller's transaction.

    Whether its customer may be asked is known from what the retailer last told of them; of one
    about whom nothing was told, nobody knows that they agreed.
    """
    ticket = session.get_one(TicketRow, ticket_id)
    response = session.get_one(ResponseRow, ticket.response_id)
    known = _newest_event(session, response)
    if known is None:
        return
    event = CustomerEvent(
        external_id=f"ticket-{ticket_id}",
        kind="complaint_closed",
        occurred_at=now,
        consent=known.consent,
        customer_id=known.customer_id or response.customer_id,
        email=known.email,
        phone=known.phone,
        name=known.name,
        store=response.attributes.get("store"),
        order_number=response.attributes.get("order_number"),
        brand=known.brand,
        country=response.country or known.country,
        locale=known.locale or response.locale,
        time_zone=known.time_zone,
    )
    events.accept(session, CLIENT, event)


def _newest_event(session: Session, response: ResponseRow) -> EventRow | None:
    given = {
        "customer_id": response.customer_id,
        "email": email_of(response.customer_email),
        "phone": phone_of(response.customer_phone, response.country),
    }
    same = same_customer(EventRow, given)
    if not same:
        return None
    query = (
        select(EventRow).where(or_(*same)).order_by(col(EventRow.occurred_at).desc(), col(EventRow.id).desc())
    )
    return session.exec(query).first()
