"""What became of a response: written in one transaction, read back for whoever repeats it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import bindparam, insert
from sqlalchemy import select as core_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from triage.ports import DeliveryJobs
from triage.records import Values, aspect_values, finding_values
from triage.tables import ResponseRow, ResponseState, TicketRow, metadata
from triage.tickets.problem import joined_tickets
from triage.tickets.queries import findings_of
from triage.tickets.service import open_tickets
from triage.types import Finding

_RESPONSE, _FINDING, _ASPECT = (metadata.tables[name] for name in ("response", "finding", "aspect"))
_IDENTITY = [_RESPONSE.c.client, _RESPONSE.c.external_id]
_INSERT_NEW = {
    "sqlite": sqlite.insert(_RESPONSE)
    .on_conflict_do_nothing(index_elements=_IDENTITY)
    .returning(_RESPONSE.c.id),
    "postgresql": postgresql.insert(_RESPONSE)
    .on_conflict_do_nothing(index_elements=_IDENTITY)
    .returning(_RESPONSE.c.id),
}
# Built once, and without the ORM: nearly every response is new, and this finds nothing.
_KNOWN_IDS = core_select(_RESPONSE.c.id).where(
    _RESPONSE.c.client == bindparam("client"),
    _RESPONSE.c.external_id.in_(bindparam("external_ids", expanding=True)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What became of a response."""

    response_id: str
    external_id: str
    body_hash: str
    created: bool
    """False where it was known before."""
    state: ResponseState
    finding: Finding | None
    """None while `pending_analysis`."""
    ticket: TicketRow | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A response on its way into the database: a row of `response` with its results."""

    row: Values
    finding: Finding | None
    ticket: TicketRow | None

    def receipt(self) -> Receipt:
        """Return what the caller is told once this is stored."""
        return Receipt(
            response_id=self.row["id"],
            external_id=self.row["external_id"],
            body_hash=self.row["body_hash"],
            created=True,
            state=self.row["state"],
            finding=self.finding,
            ticket=self.ticket,
        )


def store_new(
    session: Session, work: Sequence[Work], jobs: DeliveryJobs | None, now: datetime
) -> list[Receipt | None]:
    """Store of `work` what is new, with its results; return a receipt for each, None where it was known.

    Another's uncommitted response under the same external id is waited for.
    """
    dialect = session.get_bind().dialect.name
    # In one order everywhere: two replicas with the same responses wait for each other, never in a ring.
    rows = sorted((item.row for item in work), key=lambda row: (row["client"], row["external_id"]))
    ids = set(session.execute(_INSERT_NEW[dialect], rows).scalars())
    tickets = store_results(session, [item for item in work if item.row["id"] in ids], jobs, now)
    stored = (replace(item, ticket=tickets.get(item.row["id"])) for item in work)
    return [item.receipt() if item.row["id"] in ids else None for item in stored]


def store_results(
    session: Session, work: Sequence[Work], jobs: DeliveryJobs | None, now: datetime
) -> dict[str, TicketRow]:
    """Store findings, tickets and delivery jobs of responses that are stored already.

    Returns the tickets by response id; a response may have joined another one's ticket.
    """
    found = [(item.row["id"], item.finding) for item in work if item.finding]
    if found:
        session.execute(insert(_FINDING), [finding_values(key, finding, now) for key, finding in found])
    if aspects := [values for key, finding in found for values in aspect_values(key, finding)]:
        session.execute(insert(_ASPECT), aspects)
    return open_tickets(session, [item.ticket for item in work if item.ticket], jobs, now)


def known_receipts(session: Session, client: str, external_ids: Sequence[str]) -> dict[str, Receipt]:
    """Return what became of those of `external_ids` that `client` sent before."""
    found = session.execute(_KNOWN_IDS, {"client": client, "external_ids": external_ids}).scalars().all()
    if not found:
        return {}
    rows = session.exec(select(ResponseRow).where(col(ResponseRow.id).in_(found))).all()
    return {receipt.external_id: receipt for receipt in read_receipts(session, rows)}


def read_receipts(session: Session, rows: Sequence[ResponseRow]) -> list[Receipt]:
    """Read the results of stored responses, in the order of `rows`."""
    ids = [row.id for row in rows]
    findings = findings_of(session, ids)
    query = select(TicketRow).where(col(TicketRow.response_id).in_(ids))
    tickets = {ticket.response_id: ticket for ticket in session.exec(query)}
    tickets |= joined_tickets(session, ids)
    return [
        Receipt(
            response_id=row.id,
            external_id=row.external_id,
            body_hash=row.body_hash,
            created=False,
            state=cast(ResponseState, row.state),
            finding=findings.get(row.id),
            ticket=tickets.get(row.id),
        )
        for row in rows
    ]
