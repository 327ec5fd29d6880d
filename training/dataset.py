"""Labelled comments in the format of the annotation guidelines (`docs/labels.md`)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.errors import InvalidInput
from triage.labels import label_faults


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One comment with what is known of it; None means not labelled, and is not learnt from."""

    id: str
    text: str
    lang: str | None = None
    aspects: Mapping[str, str] | None = None
    sentiment: str | None = None
    polarity: str | None = None
    """Positive or negative by a weak label, which may be neutral or mixed too; only third-party text."""
    has_request: bool | None = None
    request: str | None = None
    """The intent; None where there is no request or it is not labelled."""
    span: tuple[int, int] | None = None
    """`text[start:end]` carries the request."""
    urgent: bool | None = None
    asks: bool | None = None
    """A question or a command in form; only third-party text says so."""
    question: str | None = None
    """The survey question that it answers, where known."""

    @property
    def language(self) -> str:
        """The language of the file it stands in, also where the comment itself has none."""
        return self.id.split("-", 1)[0]

    @property
    def batch(self) -> str:
        """Which writer's batch it comes from: `it-b3-017` -> `b3`."""
        return self.id.split("-")[1]

    @property
    def has_question_mark(self) -> bool:
        """Whether the text has a question mark of any script; a semicolon is one in Greek only."""
        return any(mark in self.text for mark in "?\u037e？؟") or (self.language == "el" and ";" in self.text)


def load_corpus(folder: Path, pattern: str = "*.jsonl") -> list[Example]:
    """All records under `folder` (or the one file). Raises InvalidInput naming file and line."""
    files = [folder] if folder.is_file() else sorted(folder.glob(pattern))
    if not files:
        raise InvalidInput(f"no {pattern} in {folder}: name a folder of labelled comments")
    return [example for file in files for example in load_file(file)]


def load_file(path: Path) -> list[Example]:
    """The records of one JSONL file."""
    return list(_parse(path))


def _parse(path: Path) -> Iterator[Example]:
    # Not by `splitlines`: a comment may hold U+2028 and its like, which JSON leaves as they are.
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise InvalidInput(f"{path}:{number}: not JSON: {error}") from error
        found = faults(record)
        if found:
            raise InvalidInput(f"{path}:{number}: {'; '.join(found)}")
        yield from_record(record)


def from_record(record: Mapping[str, Any]) -> Example:
    """A checked record of the guidelines' format."""
    start = record["text"].find(record["request_text"]) if record["request"] else -1
    return Example(
        id=record["id"],
        text=record["text"],
        lang=record["lang"],
        aspects=record["aspects"],
        sentiment=record["sentiment"],
        has_request=record["request"] is not None,
        request=record["request"],
        span=(start, start + len(record["request_text"])) if start >= 0 else None,
        urgent=record["urgent"],
    )


def to_record(example: Example) -> dict[str, Any]:
    """The guidelines' format again; the example must be fully labelled."""
    return {
        "id": example.id,
        "lang": example.lang,
        "text": example.text,
        "aspects": dict(example.aspects or {}),
        "sentiment": example.sentiment,
        "request": example.request,
        "request_text": example.text[slice(*example.span)] if example.span else None,
        "urgent": example.urgent,
    }


_FIELDS = {"id", "lang", "text", "aspects", "sentiment", "request", "request_text", "urgent"}


def faults(record: Any) -> list[str]:
    """What is wrong with a record by the guidelines; empty where nothing is."""
    if not isinstance(record, dict):
        return ["not an object"]
    if missing := _FIELDS - record.keys():
        return [f"missing {', '.join(sorted(missing))}"]
    if not isinstance(record["text"], str) or not record["text"].strip():
        return ["empty text"]
    if not isinstance(record["id"], str) or not isinstance(record["aspects"], dict):
        return ["id is no text, or aspects no object"]
    return list(label_faults(record, record["text"]))
