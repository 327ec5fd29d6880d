"""Pydantic's errors in the words of somebody who writes surveys, not programs."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from triage.labels import LANGUAGES
from triage.marked_yaml import Place
from triage.surveys.schema import OWN, SHARED, Part

_LANGUAGE_SLIPS: Final = {
    "no": "nb", "nn": "nb", "gr": "el", "cz": "cs", "dk": "da", "se": "sv", "br": "pt",
    "uk": "en", "gb": "en",
}  # fmt: skip
_A_BLOCK: Final = "must be a block of lines, each with a name and a colon"
_PLAIN: Final = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number, without quotes",
    "dict_type": _A_BLOCK,
    "model_type": _A_BLOCK,
    "model_attributes_type": _A_BLOCK,
    "tuple_type": "must be a list: lines that begin with a dash",
    "list_type": "must be a list: lines that begin with a dash",
    "frozen_set_type": "must be a list such as [a, b]",
    "string_type": "must be text; put it in quotes",
}


def explained(error: Any) -> tuple[Place, str]:
    """Return where an error is, and what to do about it."""
    place: Place = tuple(step for step in error["loc"] if step not in (OWN, SHARED, "[key]"))
    return place, _what_to_do(error, str(place[-1]) if place else "the file")


def _what_to_do(error: Any, name: str) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "missing" if name in LANGUAGES:
            return f"the text in {name!r} is missing; every text needs all {len(LANGUAGES)} languages"
        case "missing":
            return f"is missing; add a line `{name}:`"
        case "extra_forbidden":
            return _not_known(name)
        case "literal_error":
            return f"{error['input']!r} is not possible; write {context['expected']}"
        case "string_pattern_mismatch":
            return f"{error['input']!r} must be small letters, digits and _, beginning with a letter"
        case "too_short":
            return f"needs at least {context['min_length']}"
        case "too_long":
            return f"has {context['actual_length']}, at most {context['max_length']} are possible"
        case "value_error":
            return str(context["error"])
    return _PLAIN.get(error["type"]) or str(error["msg"]).replace("Input should be", "must be")


def _not_known(name: str) -> str:
    if name in _LANGUAGE_SLIPS:
        return f"is no language here; did you mean {_LANGUAGE_SLIPS[name]!r}?"
    close = get_close_matches(name, sorted({*_words(Part)}), n=1)
    advice = f"did you mean {close[0]!r}?" if close else "take this line away"
    return f"{name!r} is not known here; {advice}"


def _words(part: type[Part]) -> Iterator[str]:
    """Yield every word that may stand somewhere in a file."""
    yield from part.model_fields
    for narrower in part.__subclasses__():
        yield from _words(narrower)
