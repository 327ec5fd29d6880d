"""What the corpus holds, and what is wrong with it: the guidelines' rules, duplicates, composition."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from training.dataset import Example, faults, from_record
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, UNDETERMINED

LEAST_RECORDS: Final = 400
LEAST_UNDETERMINED: Final = 150
LEAST_INTENT: Final = 8
LEAST_CATEGORY: Final = 20
REQUESTS: Final = (0.24, 0.42)
"""36 % of a language's comments in the first batches, fewer since: public text asks less."""
UNMARKED: Final = 0.45
"""Least share of requests without a question mark."""
URGENT: Final = (0.03, 0.11)
"""8 % in the first batches, fewer since."""
ABOUT: Final[Mapping[str, frozenset[str]]] = {
    "order_change": frozenset({"checkout", "delivery", "pickup", "assembly", "returns"}),
    "return_refund": frozenset({"returns", "checkout", "warranty"}),
    "warranty_repair": frozenset({"warranty"}),
    "store_info": frozenset({"store", "pickup", "returns", "assembly", "warranty", "assortment"}),
}
"""What a request of these intents asks about: one of these categories, `neutral` where it asks only."""
SILENT: Final = 0.15
"""Greatest share of an intent's requests that name none of them; writers drift into leaving it out."""
_ID: Final = re.compile(r"[a-z]{2,3}-b\d+-\d+")
_SHORTEST: Final = 12
"""Letters: shorter comments (`all fine`, `nothing to add`) may be the same without being copies."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A corpus as read: its sound records, and every fault as `FILE:LINE: what is wrong`."""

    examples: list[Example]
    faults: list[str]


def check(folder: Path) -> Checked:
    """Every file of the corpus by the guidelines' rules, ids and exact duplicates across languages."""
    seen = _Seen()
    examples: list[Example] = []
    wrong: list[str] = []
    for path in sorted(folder.glob("*.jsonl")):
        # Not splitlines(): U+2028 may stand inside a comment.
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
            if line.strip():
                where = f"{path.name}:{number}"
                record, found = _record(line, path.stem)
                found += seen.add(record, where) if record and not found else []
                wrong += [f"{where}: {fault}" for fault in found]
                examples += [from_record(record)] if record and not found else []
    return Checked(examples=examples, faults=wrong)


def _record(line: str, language: str) -> tuple[dict[str, Any] | None, list[str]]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        return None, [f"not JSON: {error}"]
    return record, faults(record) or list(_id_faults(record, language))


def _id_faults(record: Mapping[str, Any], language: str) -> Iterator[str]:
    if not _ID.fullmatch(record["id"]):
        yield f"id {record['id']!r} is not LANGUAGE-bBATCH-NUMBER"
    elif not record["id"].startswith(f"{language}-"):
        yield f"id {record['id']} is in the file of {language}"
    if record["lang"] not in (language, UNDETERMINED):
        yield f"lang {record['lang']} is in the file of {language}"


class _Seen:
    """The ids and texts met so far, with where."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def add(self, record: Mapping[str, Any], where: str) -> list[str]:
        """What the record repeats."""
        found = []
        if record["id"] in self._ids:
            found.append(f"same id as {self._ids[record['id']]}")
        key = normalised(record["text"])
        if len(key) > _SHORTEST and key in self._texts:
            found.append(f"same text as {self._texts[key]}")
        self._ids.setdefault(record["id"], where)
        self._texts.setdefault(key, where)
        return found


def normalised(text: str) -> str:
    """The letters alone, in lower case."""
    return "".join(character for character in text.lower() if character.isalpha())


@dataclass(frozen=True, kw_only=True)
class Composition:
    """Counts of one language."""

    records: int
    requests: int
    unmarked: int
    """Requests without a question mark."""
    urgent: int
    several: int
    """Comments on two categories or more."""
    words: float
    """Median length."""
    intents: Counter[str]
    silent: Counter[str]
    """Requests, by intent, that name no category they are about."""
    categories: Counter[str]
    polarities: Counter[str]
    sentiments: Counter[str]


def composition(examples: Sequence[Example]) -> dict[str, Composition]:
    """Language -> counts."""
    codes = [code for code in (*LANGUAGES, UNDETERMINED) if any(e.language == code for e in examples)]
    return {code: _composition([e for e in examples if e.language == code]) for code in codes}


def _composition(examples: Sequence[Example]) -> Composition:
    requests = [example for example in examples if example.has_request]
    aspects = [example.aspects or {} for example in examples]
    return Composition(
        records=len(examples),
        requests=len(requests),
        unmarked=sum(not example.has_question_mark for example in requests),
        urgent=sum(bool(example.urgent) for example in examples),
        several=sum(len(spoken) > 1 for spoken in aspects),
        words=median(len(example.text.split()) for example in examples),
        intents=Counter(example.request for example in requests if example.request),
        silent=Counter(example.request for example in requests if example.request and _silent(example)),
        categories=Counter(category for spoken in aspects for category in spoken),
        polarities=Counter(polarity for spoken in aspects for polarity in spoken.values()),
        sentiments=Counter(example.sentiment for example in examples if example.sentiment),
    )


def _silent(example: Example) -> bool:
    about = ABOUT.get(example.request or "", frozenset())
    return bool(about) and about.isdisjoint(example.aspects or ())


def shortfalls(counts: Mapping[str, Composition]) -> list[str]:
    """Where a language's composition misses what the corpus is meant to hold."""
    found = [f"{code}: no comments" for code in LANGUAGES if code not in counts]
    for code, one in counts.items():
        found += [f"{code}: {short}" for short in _shortfalls(code, one)]
    return found


def _shortfalls(code: str, one: Composition) -> Iterator[str]:
    least = LEAST_UNDETERMINED if code == UNDETERMINED else LEAST_RECORDS
    if one.records < least:
        yield f"{one.records} comments of {least}"
    if code == UNDETERMINED:
        return
    for intent in INTENTS:
        if one.intents[intent] < LEAST_INTENT:
            yield f"{one.intents[intent]} requests {intent} of {LEAST_INTENT}"
        if one.silent[intent] > SILENT * one.intents[intent]:
            yield f"{one.silent[intent]} requests {intent} name none of {', '.join(sorted(ABOUT[intent]))}"
    for category in CATEGORIES:
        if one.categories[category] < LEAST_CATEGORY:
            yield f"{one.categories[category]} comments on {category} of {LEAST_CATEGORY}"
    yield from _shares(one)


def _shares(one: Composition) -> Iterator[str]:
    for name, part, (least, most) in (
        ("requests", one.requests / one.records, REQUESTS),
        ("urgent", one.urgent / one.records, URGENT),
        ("requests without a question mark", one.unmarked / max(1, one.requests), (UNMARKED, 1.0)),
    ):
        if not least <= part <= most:
            yield f"{100 * part:.0f} % {name}, meant {100 * least:.0f} to {100 * most:.0f} %"


LENGTHS: Final = (1, 3, 8, 16, 30, 60, 110)
"""Upper bounds, in words, of the length histogram's bars but the last."""


def lengths(examples: Sequence[Example]) -> dict[str, int]:
    """`1`, `2-3`, ... -> comments of so many words."""
    lows = [1, *(bound + 1 for bound in LENGTHS)]
    names = [f"{low}-{high}" if low < high else f"{low}" for low, high in zip(lows, LENGTHS, strict=False)]
    counts = Counter(sum(len(e.text.split()) > bound for bound in LENGTHS) for e in examples)
    return {name: counts[at] for at, name in enumerate([*names, f"{lows[-1]}+"])}
