"""Events as they come in: the form of a JSON body, and the CSV files of an import."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from triage.countries import COUNTRIES
from triage.errors import InvalidInput
from triage.surveys.event import CustomerEvent
from triage.surveys.form import EventChannel, EventKind

_EXAMPLE: dict[str, Any] = {
    "external_id": "sale-2026-118842",
    "kind": "purchase",
    "channel": "store",
    "occurred_at": "2026-03-04T17:42:00+01:00",
    "consent": True,
    "customer": {
        "id": "C-1042",
        "email": "giulia@example.com",
        "phone": "+39 347 123 4567",
        "name": "Giulia",
    },
    "store": "Milano Duomo",
    "seller": "S-17",
    "order_number": "48213",
    "brand": "casa",
    "country": "IT",
    "locale": "it-IT",
}
_CUSTOMER: Final = {"customer_id": "id", "email": "email", "phone": "phone", "name": "name"}


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL character; remove it")
    return text


def _country(code: str) -> str:
    if (code := code.upper()) not in COUNTRIES:
        raise ValueError("unknown country; use ISO 3166-1 alpha-2, such as IT or GB")
    return code


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("unknown time zone; use an IANA name such as Europe/Rome") from error


def _plausible(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2100:
        raise ValueError("must be between 2000 and 2100")
    return moment.astimezone(UTC)


Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]


class _Incoming(BaseModel):
    """A "true" or a misspelt field in JSON is a mistake best seen at once."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class EventCustomerIn(_Incoming):
    """Whom it happened to; with neither e-mail nor phone nobody can be asked."""

    id: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    """With + and the country's code, or as it is dialled in `country`."""
    name: Text | None = None


class EventIn(_Incoming):
    """Something that happened to a customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    external_id: Text
    """Yours: sending it again changes nothing."""
    kind: EventKind
    channel: EventChannel | None = None
    """Where the customer bought."""
    occurred_at: Annotated[AwareDatetime, Field(strict=False), AfterValidator(_plausible)]
    consent: bool
    """The customer agreed to be asked for an opinion."""
    customer: EventCustomerIn
    store: Text | None = None
    seller: Text | None = None
    operator: Text | None = None
    """Who answered, in the contact centre."""
    executor: Text | None = None
    """Who delivered, assembled or repaired."""
    order_number: Text | None = None
    """An online purchase is asked about when a delivery or pickup with the same number is over."""
    brand: Text | None = None
    country: Annotated[str, Field(max_length=20), AfterValidator(_country)] | None = None
    """ISO 3166-1 alpha-2."""
    locale: Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$")] | None = (
        None
    )
    """Such as `de-CH`: the language to write in."""
    time_zone: Annotated[Text, AfterValidator(_zone)] | None = None
    """IANA name, where the customer's is known; the country's otherwise."""

    def to_event(self) -> CustomerEvent:
        """Return the value that the service works with."""
        rest = self.model_dump(exclude={"customer"})
        customer = self.customer
        return CustomerEvent(
            customer_id=customer.id,
            email=customer.email,
            phone=customer.phone,
            name=customer.name,
            **rest,
        )


COLUMNS: Final = (*_CUSTOMER, *(name for name in EventIn.model_fields if name != "customer"))
"""Of a CSV file, in any order."""
_REQUIRED: Final = ("external_id", "kind", "occurred_at", "consent")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one line of a file."""

    line: int
    """From 1, the header included; of a row that spans several, its last."""
    detail: str


def read_csv(path: Path) -> Iterator[CustomerEvent | Mistake]:
    """Yield an event, or a mistake, for each row of a CSV file.

    UTF-8, with a header; comma, semicolon or tab between fields. Raises `InvalidInput`
    where the file cannot be read or its header is wrong, before any row is yielded.
    """
    try:
        # Spreadsheets put a byte order mark first.
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            rows = csv.DictReader(file, delimiter=max(",;\t", key=header.count), restkey="", strict=True)
            _check_header(path, rows.fieldnames or [])
            yield from (_event(row, rows.line_num) for row in rows)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name}: not UTF-8; save it as CSV UTF-8") from error
    except (OSError, csv.Error) as error:
        raise InvalidInput(f"{path.name}: cannot be read: {error}") from error


def _check_header(path: Path, names: object) -> None:
    given = [str(name) for name in names] if isinstance(names, list | tuple) else []
    if unknown := [name for name in given if name not in COLUMNS]:
        raise InvalidInput(f"{path.name}:1: unknown column {unknown[0]!r}; there are {', '.join(COLUMNS)}")
    if missing := [name for name in _REQUIRED if name not in given]:
        raise InvalidInput(f"{path.name}:1: the column {missing[0]!r} is missing")
    if repeated := [name for name in given if given.count(name) > 1]:
        raise InvalidInput(f"{path.name}:1: the column {repeated[0]!r} is there twice")


def _event(row: Mapping[str, Any], line: int) -> CustomerEvent | Mistake:
    if "" in row or None in row.values():
        return Mistake(line, "has more or fewer fields than the header; quote fields with separators in them")
    given = {name: text.strip() for name, text in row.items() if text.strip()}
    customer = {_CUSTOMER[name]: given.pop(name) for name in _CUSTOMER if name in given}
    try:
        # A CSV has only text, so that "yes" is as good as true here.
        return EventIn.model_validate(given | {"customer": customer}, strict=False).to_event()
    except ValidationError as error:
        return Mistake(line, "; ".join(map(_sentence, error.errors(include_url=False, include_input=False))))


def _sentence(error: Any) -> str:
    place = ".".join(str(step) for step in error["loc"])
    column = next((name for name, field in _CUSTOMER.items() if place == f"customer.{field}"), place)
    match error["type"]:
        case "missing":
            return f"{column}: is empty"
        case "bool_parsing":
            return f"{column}: write true or false"
        case "timezone_aware":
            return f"{column}: needs its offset, such as 2026-03-04T17:42:00+01:00"
        case "datetime_from_date_parsing" | "datetime_parsing":
            return f"{column}: is not a moment such as 2026-03-04T17:42:00+01:00"
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{column}: {message[:1].lower()}{message[1:]}"
