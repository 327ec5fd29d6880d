"""What happened to a customer: the value, and addresses brought into the one form we compare. Pure."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from triage.countries import spoken_by, spoken_in
from triage.labels import Language
from triage.surveys.form import EventChannel, EventKind

DELIVERED: Final[frozenset[EventKind]] = frozenset({"delivery", "pickup"})
"""What ends the waiting of an online purchase."""
ORDERED: Final[frozenset[EventKind]] = DELIVERED | {"purchase"}
"""What is told of one order: drawn once from a survey's sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerEvent:
    """Something that happened to a customer, as the retailer's systems tell it."""

    external_id: str
    kind: EventKind
    occurred_at: datetime
    consent: bool = False
    """The customer agreed to be asked."""
    channel: EventChannel | None = None
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    """As typed; nationally with `country`, or with + and the country's code."""
    name: str | None = None
    store: str | None = None
    seller: str | None = None
    operator: str | None = None
    executor: str | None = None
    """Who delivered, assembled or repaired."""
    order_number: str | None = None
    brand: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2, upper case."""
    locale: str | None = None
    """BCP 47, such as `de-CH`."""
    time_zone: str | None = None
    """IANA name, where the customer's is known."""


def body_hash(event: CustomerEvent) -> str:
    """Return a fingerprint of all that the caller sent, in hexadecimal."""
    body = asdict(event) | {"occurred_at": event.occurred_at.astimezone(UTC).isoformat()}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def email_of(text: str | None) -> str | None:
    """Return an address to compare and to write to, or None where it cannot be one."""
    if not text:
        return None
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    # Mailboxes that tell capitals apart exist in the standard only; the same customer twice is real.
    return (found.ascii_email or found.normalized).lower()


def phone_of(text: str | None, country: str | None) -> str | None:
    """Return a number in E.164, or None where it cannot be one."""
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def language_of(locale: str | None, country: str | None) -> Language:
    """Return the language to write in: the locale's, else the country's, else English."""
    return spoken_by(locale) or spoken_in(country) or "en"


UNITS: Final[dict[str, Callable[[CustomerEvent], str | None]]] = {
    "store": lambda event: event.store,
    "seller": lambda event: event.seller,
    "operator": lambda event: event.operator,
    "executor": lambda event: event.executor,
    "country": lambda event: event.country,
    "brand": lambda event: event.brand,
}
"""What a survey's target may be counted by."""
