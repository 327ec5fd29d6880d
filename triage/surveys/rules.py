"""What is well-formed in a survey's file and still cannot work.

These checks read the plain data of a file that may have other mistakes too, so that a
marketer sees all of them at once. What is not even of the right form is left to `schema`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from triage.labels import LANGUAGES
from triage.marked_yaml import Place
from triage.surveys.form import BANDS, MAX_SCORE, MAX_STARS

Mistakes = Iterator[tuple[Place, str]]
_TOP: Final = {"score": MAX_SCORE, "stars": MAX_STARS}
_LOWEST: Final = {"score": 0, "stars": 1}
_SCRIPTS: Final = {"el": "Ͱ-Ͽἀ-῿", "ru": "Ѐ-ӿ"}
_FOREIGN: Final = re.compile(f"[{''.join(_SCRIPTS.values())}]")
_LONG_ENOUGH_TO_DIFFER: Final = 25
_OWN_KEYS: Final = re.compile(r"(contact|page)(_|$)")
_READABLE: Final = 4.5
"""Contrast that WCAG 2.2 AA asks of text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What a survey's file may name of `common.yaml` and `brands.yaml`, as plain data."""

    questions: Mapping[str, Mapping[str, Any]]
    scales: frozenset[str]
    brands: Mapping[str, Any]


def block(value: object) -> Mapping[str, Any]:
    """Return `value` where it is a block, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return `value` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def unknown(name: object, known: Iterable[str]) -> str:
    """Say that a name is not known, and which was probably meant."""
    names = [*known]
    close = get_close_matches(str(name), names, n=1)
    return f"{str(name)!r} is not known; " + (
        f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names) or 'none'}"
    )


def text_mistakes(data: object, place: Place = ()) -> Mistakes:
    """Yield what is wrong between the languages of each text below `data`."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from text_mistakes(item, (*place, index))
    if not isinstance(data, dict):
        return
    if "en" in data and "it" in data:
        yield from _languages_apart({str(k): v for k, v in data.items() if isinstance(v, str)}, place)
        return
    for key, value in data.items():
        yield from text_mistakes(value, (*place, str(key)))


def _languages_apart(texts: Mapping[str, str], place: Place) -> Mistakes:
    has_brand = "{brand}" in texts.get("en", "")
    for language in (code for code in LANGUAGES if texts.get(code, "").strip()):
        text, here = texts[language], (*place, language)
        letters = _SCRIPTS.get(language)
        if letters and not re.search(f"[{letters}]", text):
            yield here, f"is not written in {'Greek' if language == 'el' else 'Cyrillic'} letters"
        elif not letters and _FOREIGN.search(text):
            yield here, "has Greek or Cyrillic letters; is it the text of another language?"
        elif language != "en" and len(text) > _LONG_ENOUGH_TO_DIFFER and text == texts.get("en"):
            yield here, "is still the English text; translate it"
        if ("{brand}" in text) != has_brand:
            verb = "lacks {brand}, unlike" if has_brand else "has {brand}, unlike"
            yield here, f"{verb} the English text; write it in every language or in none"


def survey_mistakes(data: object, shared: Shared) -> Mistakes:
    """Yield what cannot work in one survey."""
    survey = block(data)
    questions = [_resolved(question, shared) for question in items(survey.get("questions"))]
    yield from _head_mistakes(survey, shared)
    yield from _first_mistakes(questions)
    seen: dict[str, Mapping[str, Any]] = {}
    for index, question in enumerate(questions):
        place: Place = ("questions", index)
        key, named = str(question.get("key")), block(items(survey["questions"])[index]).get("use")
        if named is not None and str(named) not in shared.questions:
            yield (*place, "use"), f"the question {unknown(named, shared.questions)} (see common.yaml)"
            continue
        if key in seen:
            yield (*place, "key"), f"another question above is called {key!r} too; give each its own key"
        if _OWN_KEYS.match(key):
            yield (*place, "key"), f"{key!r} is a name that the pages use themselves; take another"
        if index and question.get("kind") == "score":
            yield (*place, "kind"), "only the first question is a score from 0 to 10; use stars here"
        if named is None:
            yield from question_mistakes(question, place, shared.scales)
        yield from _condition_mistakes(question, seen, place)
        seen.setdefault(key, question)


def question_mistakes(question: Mapping[str, Any], place: Place, scales: Iterable[str]) -> Mistakes:
    """Yield what cannot work in one question that is written out."""
    kind, options, scale = question.get("kind"), question.get("options"), question.get("scale")
    if kind == "choice" and not 2 <= len(items(options)) <= 10:
        yield (*place, "options"), f"a choice has 2 to 10 options, here are {len(items(options))}"
    if kind in ("score", "stars", "comment") and options is not None:
        yield (*place, "options"), f"only a choice has options, and this is of kind {kind!r}"
    if kind in tuple(_TOP) and scale is None:  # a tuple: a file may hold a list here
        yield place, "say with `scale:` what its ends mean: " + ", ".join(sorted(scales))
    if kind in ("choice", "comment") and scale is not None:
        yield (*place, "scale"), f"only a score or stars have a scale, and this is of kind {kind!r}"
    if scale is not None and str(scale) not in scales:
        yield (*place, "scale"), f"the scale {unknown(scale, scales)} (see common.yaml)"
    keys = [str(block(option).get("key")) for option in items(options)]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield (*place, "options", index, "key"), f"another option is called {key!r} too"


def _resolved(question: object, shared: Shared) -> Mapping[str, Any]:
    own = block(question)
    common = shared.questions.get(str(own.get("use")), {}) if "use" in own else {}
    return {**common, **own}


def _first_mistakes(questions: list[Mapping[str, Any]]) -> Mistakes:
    if not questions:
        return
    first, place = questions[0], ("questions", 0)
    if first.get("kind") in ("stars", "choice", "comment"):
        yield (*place, "kind"), "the first question must be a score: it decides which others are asked"
    for word in ("band", "when"):
        if word in first:
            yield (*place, word), "the first question is asked of everyone; take this line away"


def _head_mistakes(survey: Mapping[str, Any], shared: Shared) -> Mistakes:
    bands = block(survey.get("bands"))
    positive, negative = bands.get("positive_from", 7), bands.get("negative_below", 5)
    if isinstance(positive, int) and isinstance(negative, int) and negative > positive:
        yield ("bands",), f"a score cannot be below {negative} and from {positive} at once"
    if survey.get("module") == "touchpoint" and not survey.get("touchpoint"):
        yield ("module",), "the module touchpoint needs a line `touchpoint:`, such as `touchpoint: delivery`"
    for index, brand in enumerate(items(block(survey.get("ask")).get("brands"))):
        if str(brand) not in shared.brands:
            yield (
                ("ask", "brands", index),
                f"the brand {unknown(brand, shared.brands)} (see brands.yaml)",
            )
    if survey.get("share_after") and not any(block(b).get("share") for b in shared.brands.values()):
        yield ("share_after",), "no brand has links to share on; add them under `share:` in brands.yaml"


def _condition_mistakes(
    question: Mapping[str, Any], seen: Mapping[str, Mapping[str, Any]], place: Place
) -> Mistakes:
    for name, wanted in block(question.get("when")).items():
        here = (*place, "when", str(name))
        earlier = seen.get(str(name))
        if earlier is None:
            yield here, f"the earlier question {unknown(name, seen)} (a condition looks back, never ahead)"
            continue
        kind = earlier.get("kind")
        if kind == "comment":
            yield here, "is an open question; conditions look at scores, stars and choices"
        elif kind == "choice":
            yield from _choice_mistakes(earlier, wanted, here)
        elif kind in tuple(_TOP):
            yield from _range_mistakes(str(kind), wanted, here)
        if not _bands_of(question) & _bands_of(earlier):
            yield here, f"can never hold: {name!r} is asked in other bands than this question"


def _choice_mistakes(earlier: Mapping[str, Any], wanted: object, here: Place) -> Mistakes:
    keys = [str(block(option).get("key")) for option in items(earlier.get("options"))]
    if isinstance(wanted, dict):
        yield here, f"is a choice; name some of its options: {', '.join(keys)}"
    for option in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(option, str) and option not in keys:
            yield here, f"the option {unknown(option, keys)}"


def _range_mistakes(kind: str, wanted: object, here: Place) -> Mistakes:
    lowest, top = _LOWEST[kind], _TOP[kind]
    if not isinstance(wanted, dict):
        yield here, "is a number; write a range such as {at_most: 2}"
        return
    low, high = wanted.get("at_least", lowest), wanted.get("at_most", top)
    if not isinstance(low, int) or not isinstance(high, int):
        return
    if not lowest <= low <= high <= top:
        yield here, f"no answer lies from {low} to {high}; {kind} go from {lowest} to {top}"
    elif (low, high) == (lowest, top):
        yield here, "holds for every answer; write at_least or at_most"


def _bands_of(question: Mapping[str, Any]) -> set[str]:
    bands = question.get("band", BANDS)
    return {bands} if isinstance(bands, str) else {*map(str, bands if bands is BANDS else items(bands))}


def brand_mistakes(data: object) -> Mistakes:
    """Yield colours that cannot be read on each other."""
    for key, brand in block(block(data).get("brands")).items():
        look = block(block(brand).get("look"))
        pairs = (
            ("on_accent", look.get("on_accent"), look.get("accent"), "the words on buttons"),
            ("accent", look.get("accent"), look.get("background", "#ffffff"), "links and chosen answers"),
            ("text", look.get("text", "#1f2328"), look.get("background", "#ffffff"), "the text"),
        )
        for name, front, back, what in pairs:
            ratio = _contrast(front, back)
            if ratio and ratio < _READABLE:
                advice = f"{what} would be hard to read: contrast {ratio:.1f}, needed are {_READABLE}"
                yield ("brands", str(key), "look", name), f"{advice}; take a darker or a lighter colour"


def _contrast(front: object, back: object) -> float | None:
    """Return the contrast of two colours by the formula of WCAG; None where one is not a colour."""
    try:
        high, low = sorted((_luminance(str(front)), _luminance(str(back))), reverse=True)
    except ValueError:
        return None
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError(colour)
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
