"""The values in survey files: texts, countries, colours, addresses, checked with advice."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from triage.countries import COUNTRIES
from triage.surveys.form import Band

LONGEST_TEXT = 300
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|&[a-z]+;")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_WEB_ADDRESS = re.compile(r"https://[^\s/@\"'<>]+\.[^\s/@\"'<>]+(/[^\s\"'<>]*)?")
_COUNTRY_SLIPS = {"UK": "GB", "EL": "GR", "EN": "GB", "CS": "CZ", "DA": "DK", "SV": "SE", "NB": "NO"}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, not {_kind(value)}; put it in quotes")
    text = value.strip(" ")
    if not text:
        raise ValueError("is empty; write the text in this language")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"has {len(text)} characters; shorten it to {LONGEST_TEXT}: it is read on a phone")
    if found := _TAG.search(text):
        raise ValueError(f"has {found[0]!r} in it; write plain text, the page sees to how it looks")
    if _UNSEEN.search(text):
        raise ValueError("has a line break or an invisible character; write it as one line")
    if re.search(r"[{}]", text.replace("{brand}", "")):
        raise ValueError("has braces; only {brand} may stand in them, for the brand's name")
    return text


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a block"}
    return names.get(type(value), "a date")


def country_code(value: object) -> str:
    """Check a country. Raises `ValueError` with what was probably meant."""
    code = str(value)
    if code in COUNTRIES:
        return code
    meant = _COUNTRY_SLIPS.get(code.upper(), code.upper() if code.upper() in COUNTRIES else None)
    advice = f"did you mean {meant}?" if meant else "use two capital letters such as IT (ISO 3166-1)"
    raise ValueError(f"{code!r} is no country; {advice}")


def _country_or_rest(value: object) -> str:
    return "*" if value == "*" else country_code(value)


def _sample(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number such as 0.5, which asks every second customer")
    if not 0 < value <= 1:
        advice = f"; for {value:g} % write {value / 100:g}" if 1 < value <= 100 else ""
        raise ValueError(f"must be above 0 and at most 1{advice}")
    return float(value)


def _listed(value: object) -> object:
    """Take one value for a list of one, as a person means it."""
    return [value] if isinstance(value, str | int) else value


def _web_address(value: object) -> str:
    if not isinstance(value, str) or not _WEB_ADDRESS.fullmatch(value):
        raise ValueError("must be a whole address that begins with https://")
    return value


def _colour(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('must be a colour such as "#1d4f91", in quotes')
    return value.lower()


Text = Annotated[str, BeforeValidator(_text)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Bands = Annotated[frozenset[Band], BeforeValidator(_listed)]
Country = Annotated[str, BeforeValidator(country_code)]
Colour = Annotated[str, BeforeValidator(_colour)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
CountryOrRest = Annotated[str, BeforeValidator(_country_or_rest)]
Sample = Annotated[float, BeforeValidator(_sample)]
LISTED = BeforeValidator(_listed)
