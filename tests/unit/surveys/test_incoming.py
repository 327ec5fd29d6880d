"""Files of events: what is wrong is said with its line, in words of the file."""

from pathlib import Path

import pytest

from triage.errors import InvalidInput
from triage.surveys.event import CustomerEvent, email_of, language_of, phone_of
from triage.surveys.incoming import Mistake, read_csv

HEADER = "external_id,kind,channel,occurred_at,consent,customer_id,email,phone,store,country\n"
GOOD = "s-1,purchase,store,2026-03-04T17:42:00+01:00,yes,C-1,giulia@example.com,,Milano,IT\n"


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[CustomerEvent | Mistake]:
    file = tmp_path / "events.csv"
    file.write_text(text, encoding=encoding)
    return [*read_csv(file)]


def test_a_good_row_is_an_event(tmp_path: Path) -> None:
    (event,) = read(tmp_path, HEADER + GOOD)
    assert isinstance(event, CustomerEvent)
    assert (event.external_id, event.kind, event.channel, event.consent) == ("s-1", "purchase", "store", True)
    assert event.occurred_at.isoformat() == "2026-03-04T16:42:00+00:00"
    assert (event.email, event.phone, event.store) == ("giulia@example.com", None, "Milano")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_spreadsheets_of_any_country(tmp_path: Path, separator: str) -> None:
    text = (HEADER + GOOD).replace(",", separator)
    (event,) = read(tmp_path, text, encoding="utf-8-sig")
    assert isinstance(event, CustomerEvent)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("purchase", "bought", "kind: must be 'purchase', 'delivery'"),
        ("2026-03-04T17:42:00+01:00", "2026-03-04T17:42:00", "occurred_at: needs its offset"),
        ("2026-03-04T17:42:00+01:00", "yesterday", "occurred_at: is not a moment"),
        ("2026-03-04T17:42:00+01:00", "", "occurred_at: is empty"),
        (",yes,", ",maybe,", "consent: write true or false"),
        (",IT", ",Italy", "country: unknown country"),
        ("s-1,", ",", "external_id: is empty"),
        ("C-1", "C" * 201, "customer_id: string should have at most 200 characters"),
        (",IT", ",IT,extra", "more or fewer fields"),
        (",Milano,IT", ",Milano", "more or fewer fields"),
    ],
)
def test_a_mistake_names_its_line_and_column(tmp_path: Path, old: str, new: str, words: str) -> None:
    good, mistake, last = read(tmp_path, HEADER + GOOD + GOOD.replace(old, new, 1) + GOOD)
    assert isinstance(good, CustomerEvent)
    assert isinstance(last, CustomerEvent), "one bad line spoils none of the others"
    assert isinstance(mistake, Mistake)
    assert mistake.line == 3
    assert words in mistake.detail


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER.replace("email", "mail"), "unknown column 'mail'"),
        (HEADER.replace("consent,", ""), "the column 'consent' is missing"),
        (HEADER.replace("store", "email"), "'email' is there twice"),
        ("", "the column 'external_id' is missing"),
    ],
)
def test_a_wrong_header_stops_everything(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read(tmp_path, text)


def test_another_encoding_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read(tmp_path, HEADER + GOOD.replace("Milano", "Orléans"), encoding="latin-1")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        [*read_csv(tmp_path / "nothing.csv")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Giulia@Example.COM ", "giulia@example.com"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("two@at@example.com", None),
        ("nobody", None),
        ("a@b.c\r\nBcc: x@example.com", None),
        ("", None),
    ],
)
def test_addresses(text: str, expected: str | None) -> None:
    assert email_of(text) == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("+39 347 123 4567", None, "+393471234567"),
        ("347 1234567", "IT", "+393471234567"),
        ("347 1234567", None, None),
        ("07911 123456", "GB", "+447911123456"),
        ("12", "IT", None),
        ("call me", "IT", None),
    ],
)
def test_numbers(text: str, country: str | None, expected: str | None) -> None:
    assert phone_of(text, country) == expected


@pytest.mark.parametrize(
    ("locale", "country", "expected"),
    [
        ("it-IT", "GB", "it"), ("no-NO", None, "nb"), ("nn", None, "nb"), ("pt_BR", None, "pt"),
        ("zh-CN", "DE", "de"), (None, "GR", "el"), (None, None, "en"), ("ja", "JP", "en"),
    ],
)  # fmt: skip
def test_the_language_to_write_in(locale: str | None, country: str | None, expected: str) -> None:
    assert language_of(locale, country) == expected
