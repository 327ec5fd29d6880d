"""What was sent for a ticket, and every attempt: what an operator looks at."""

from collections import defaultdict
from dataclasses import dataclass

from sqlmodel import Session, col, select

from triage.tables import AttemptRow, DeliveryRow


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryHistory:
    """A delivery with its attempts, oldest first."""

    delivery: DeliveryRow
    attempts: list[AttemptRow]


def delivery_history(session: Session, ticket_id: str) -> list[DeliveryHistory]:
    """Return all that was sent, or is to be sent, for a ticket, oldest first."""
    query = select(DeliveryRow).where(DeliveryRow.ticket_id == ticket_id).order_by(col(DeliveryRow.id))
    deliveries = session.exec(query).all()
    attempts: dict[str, list[AttemptRow]] = defaultdict(list)
    ids = [delivery.id for delivery in deliveries]
    of_these = select(AttemptRow).where(col(AttemptRow.delivery_id).in_(ids))
    for row in session.exec(of_these.order_by(col(AttemptRow.number))):
        attempts[row.delivery_id].append(row)
    return [DeliveryHistory(delivery=d, attempts=attempts[d.id]) for d in deliveries]
