"""What agents corrected, as training data in the format of the annotation guidelines."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlmodel import Session, col, select

from triage.errors import InvalidInput
from triage.export import finding_record
from triage.labels import label_faults
from triage.tables import FeedbackRow
from triage.tickets.queries import get_ticket
from triage.types import Finding

FIELDS: Final = ("lang", "aspects", "sentiment", "request", "request_text", "urgent")
_BATCH: Final = "b0"
"""Of the exported ids: no writer of a corpus has it, so that `splits.json` can place it as a whole."""


def corrected(finding: Finding, text: str, corrections: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of `text` once `corrections` are applied. Raises `InvalidInput` where they cannot be."""
    record = finding_record(finding)
    labels = {name: record[name] for name in FIELDS} | dict(corrections)
    if labels["request"] is None:
        labels["request_text"] = None
    if faults := [*_faults(labels, text)]:
        raise InvalidInput("labels: " + "; ".join(faults))
    return labels


def check_labels(session: Session, ticket_id: str, corrections: Mapping[str, Any]) -> None:
    """Refuse corrections that training could not use. Raises `InvalidInput` and `NotFound`."""
    view = get_ticket(session, ticket_id)
    # Together with those before: one ticket whose corrections contradict each other would end every export.
    before = _corrections(session, ticket_id).get(ticket_id, {})
    corrected(view.finding, view.response.comment, before | dict(corrections))


def export(session: Session) -> Iterator[dict[str, Any]]:
    """Every corrected comment as a record of the corpus, oldest first, each text once.

    Several corrections of one ticket add up; the newest says the last word on a field.
    """
    numbers: Counter[str] = Counter()
    texts: set[str] = set()
    for ticket_id, corrections in _corrections(session).items():
        view = get_ticket(session, ticket_id)
        text = view.response.comment
        plain = "".join(c for c in text.lower() if c.isalpha())
        if not text.strip() or plain in texts:
            continue
        texts.add(plain)
        labels = corrected(view.finding, text, corrections)
        numbers[labels["lang"]] += 1
        yield {"id": f"{labels['lang']}-{_BATCH}-{numbers[labels['lang']]:03}", "text": text} | labels


def _corrections(session: Session, ticket_id: str | None = None) -> dict[str, dict[str, Any]]:
    """All corrections of each ticket, or of one, added up."""
    query = select(FeedbackRow).order_by(col(FeedbackRow.id))
    if ticket_id is not None:
        query = query.where(FeedbackRow.ticket_id == ticket_id)
    merged: dict[str, dict[str, Any]] = {}
    for row in session.exec(query):
        merged.setdefault(row.ticket_id, {}).update(row.labels)
    return merged


def _faults(labels: Mapping[str, Any], text: str) -> Iterator[str]:
    if unknown := sorted(set(labels) - set(FIELDS)):
        yield f"unknown fields {unknown}"
    nulls = [name for name in ("lang", "aspects", "sentiment", "urgent") if labels[name] is None]
    if nulls:
        yield from (f"{name} cannot be null; leave it out where it was right" for name in nulls)
    else:
        yield from label_faults(labels, text)
