"""What the remote case says: built from the response, its finding and the decision. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC
from typing import Final, Literal

from email_validator import EmailNotValidError, validate_email

from triage.types import CaseRecord, Customer, Decision, Finding, SurveyResponse

FACTS: Final = (
    "categories", "sentiment", "intent", "language", "urgency", "score", "touchpoint", "store",
    "order_number", "survey", "country", "customer_id", "due_at", "link", "reasons",
)  # fmt: skip
"""The facts that an administrator may map to columns of their own."""

_ORDER: Final = ("ordernumber", "orderno", "orderid", "order", "ordernr")
_STORE: Final = ("store", "storename", "storeid", "shop", "branch")
_REFUSED: Final = frozenset(map(chr, (*range(0xD800, 0xE000), 0xFFFE, 0xFFFF)))
"""Half characters, and those that are none."""


def build(
    *, key: str, response: SurveyResponse, finding: Finding | None, decision: Decision, link: str
) -> CaseRecord:
    """The record of one ticket.

    Args:
        key: The idempotency key, 32 lower-case hex digits.
        finding: None where the comment could not be analysed yet.
        link: Address of the ticket in this service, empty when none is configured.
    """
    facts = _facts(response, finding, decision, link)
    return CaseRecord(
        key=key,
        subject=cut(one_line(decision.subject), 200),
        body=_body(response, finding, facts),
        queue=decision.queue,
        priority=decision.priority,
        intent=finding.request.intent if finding and finding.request else None,
        customer=_customer(response.customer),
        facts=facts,
    )


def follow_up(*, response: SurveyResponse, finding: Finding | None, link: str, urgent: bool = False) -> str:
    """The comment added to an open case when the same customer writes again about the same order.

    An urgent one says so in its first word: the case keeps the priority it was opened with.
    """
    asking = [f"“{finding.request.text}”", ""] if finding and finding.request else []
    first = "URGENT: the customer wrote again." if urgent else "The customer wrote again."
    lines = [first, "", *asking, response.comment]
    return _clean("\n".join([*lines, "", f"Link: {link}"] if link else lines))


def order_number(attributes: Mapping[str, str]) -> str | None:
    """The order a response speaks about, under whichever of the usual names it came."""
    return _named(attributes, _ORDER)


def address(text: str | None) -> str | None:
    """The e-mail address that `text` is, or None: platforms also send "n/a", which fails the whole case."""
    try:
        found = validate_email((text or "").strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return found.ascii_email or found.normalized


def of_queue(choices: Mapping[str, str], queue: str) -> str | None:
    """What a setting chooses for our queue: by its whole name, by its area, or by `*` for the rest."""
    return choices.get(queue) or choices.get(queue.rpartition("-")[0]) or choices.get("*")


def cut(text: str, limit: int, encoding: Literal["utf-16-le", "utf-8"] = "utf-16-le") -> str:
    """`text` in at most `limit` units, cut at a word, with an ellipsis where it was cut.

    The unit is UTF-16's, as both Dataverse and Salesforce count (an emoji is two),
    or the byte of UTF-8, which a few of Salesforce's limits are in.
    """
    unit = 2 if encoding == "utf-16-le" else 1
    if len(text.encode(encoding, errors="replace")) <= limit * unit:
        return text
    room = limit * unit - len("…".encode(encoding))
    kept = text.encode(encoding, errors="replace")[:room].decode(encoding, errors="ignore")
    head, space, _ = kept.rpartition(" ")
    # A text without spaces (an address, Thai) would lose everything: cut it anywhere.
    return (head if space and len(head) > len(kept) // 2 else kept).rstrip() + "…"


def utf16(text: str) -> int:
    """The length of `text` in UTF-16 units."""
    return len(text.encode("utf-16-le", errors="replace")) // 2


def one_line(text: str) -> str:
    """`text` with every run of white space as one space."""
    return " ".join(_clean(text).split())


def _customer(customer: Customer) -> Customer:
    """What we know of the customer, without what a field of the remote record refuses."""
    return Customer(**{name: one_line(value or "") or None for name, value in asdict(customer).items()})


def _facts(
    response: SurveyResponse, finding: Finding | None, decision: Decision, link: str
) -> dict[str, str]:
    facts = {
        "score": None if response.score is None else str(response.score),
        "touchpoint": response.touchpoint,
        "store": _named(response.attributes, _STORE),
        "order_number": order_number(response.attributes),
        "survey": response.survey,
        "country": response.country,
        "customer_id": response.customer.id,
        "due_at": decision.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "link": link,
        "reasons": "; ".join(decision.reasons),
    }
    if finding:
        facts |= {
            "categories": ", ".join(f"{a.category} ({a.polarity})" for a in finding.aspects),
            "sentiment": finding.sentiment,
            "intent": finding.request.intent if finding.request else None,
            "language": finding.language.code,
            "urgency": "urgent" if finding.urgent else "normal",
        }
    return {name: one_line(value) for name in FACTS if (value := facts.get(name))}


def _body(response: SurveyResponse, finding: Finding | None, facts: Mapping[str, str]) -> str:
    return _clean("\n".join(_lines(response, finding, facts)))


def _lines(response: SurveyResponse, finding: Finding | None, facts: Mapping[str, str]) -> Iterator[str]:
    if finding and finding.request:
        yield from (f"“{finding.request.text}”", "")
    if response.comment:
        yield from ("The whole comment:", response.comment, "")
    if response.question:
        yield f"Asked: {one_line(response.question)}"
    for name, value in facts.items():
        yield f"{name.replace('_', ' ').capitalize()}: {value}"
    if contact := ", ".join(_contact(response)):
        yield f"Customer: {contact}"
    for name, value in response.attributes.items():
        yield f"{one_line(name)}: {one_line(value)}"


def _contact(response: SurveyResponse) -> Iterator[str]:
    customer = response.customer
    return (one_line(v) for v in (customer.name, customer.email, customer.phone) if v)


def _named(attributes: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    plain = {"".join(c for c in name.lower() if c.isalnum()): value for name, value in attributes.items()}
    return next((plain[name] for name in names if plain.get(name)), None)


def _clean(text: str) -> str:
    """`text` without the characters that XML, and so Dataverse, refuses."""
    return "".join(c for c in text if c in "\n\t" or (c >= " " and c not in _REFUSED))
