"""Who is not written to: customers who opted out, and addresses that do not exist.

Only hashes are kept, so that the list can outlive the customer's data: it must still be
known that somebody said no when everything else about them is erased.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from triage.surveys.tables import InvitationRow, SuppressionRow

Reason = Literal["opt_out", "bounce"]
OPT_OUT: Final[Reason] = "opt_out"
BOUNCE: Final[Reason] = "bounce"


def keys_of(*, customer_id: str | None, email: str | None, phone: str | None) -> dict[str, str]:
    """Return `customer`, `email`, `phone` -> hash, for those that are known. Addresses come normalised."""
    given = {"customer": customer_id, "email": email, "phone": phone}
    return {kind: _hash(f"{kind}:{value}") for kind, value in given.items() if value}


def suppress(
    session: Session, keys: Iterable[str], reason: Reason, now: datetime, *, detail: str = ""
) -> None:
    """Put keys on the list; one that is there already stays as it is."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"key_hash": key, "reason": reason, "detail": detail[:500], "created_at": now}
        for key in sorted(set(keys))
    ]
    if rows:
        session.execute(insert(SuppressionRow).on_conflict_do_nothing(), rows)


def opt_out_invitation(session: Session, invitation: InvitationRow, now: datetime) -> None:
    """The customer of an invitation wants no more: none of their names and addresses is asked again."""
    keys = keys_of(customer_id=invitation.customer_id, email=invitation.email, phone=invitation.phone)
    suppress(session, keys.values(), OPT_OUT, now, detail="by the link of an invitation")


def suppressed(session: Session, keys: Iterable[str]) -> dict[str, set[str]]:
    """Return the reasons by hash for those of `keys` that are on the list."""
    found: dict[str, set[str]] = {}
    query = select(SuppressionRow).where(col(SuppressionRow.key_hash).in_([*keys]))
    for row in session.exec(query):
        found.setdefault(row.key_hash, set()).add(row.reason)
    return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
