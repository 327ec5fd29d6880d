"""`triage classify`: JSON Lines in, findings out, in constant memory."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from triage.cli.context import Bars, err, explained, read_settings
from triage.countries import COUNTRIES
from triage.export import finding_record
from triage.pipeline import analyse
from triage.ports import Predictor
from triage.types import SurveyResponse
from triage.wiring import load_predictor

BATCH = 256
"""Texts analysed together: enough to fill the model's batches, few enough to hold in memory."""

_ENCODING, _ERRORS = "utf-8-sig", "surrogateescape"
"""What is not UTF-8 is one line's trouble: it comes as half characters, which `_parse` refuses."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_Item = tuple[Any, SurveyResponse | str]
"""An id, and what to analyse or why that is impossible."""


def classify(
    file: Annotated[
        str,
        typer.Argument(
            help="JSON Lines: `text` and, if known, `id`, `locale`, `country` and `question`; - for stdin."
        ),
    ],
    output: Annotated[Path | None, typer.Option(help="Where to write; stdout by default.")] = None,
) -> None:
    """Classify texts without storing them: a line out for each line in.

    A line that cannot be read gives a line with `error`, and exit status 1 at the end.
    """
    with explained(), ExitStack() as files:
        source = _open_input(file, files)
        target = _open_output(output, files) if output else sys.stdout
        predictor = load_predictor(read_settings(), Bars())
        errors = _classify(source, target, predictor)
    if errors:
        err.print(Text.assemble((f"{errors} lines could not be read", "red"), "; their `error` says why"))
        raise typer.Exit(1)


def _open_input(file: str, files: ExitStack) -> IO[str]:
    if file == "-":
        return TextIOWrapper(sys.stdin.buffer, encoding=_ENCODING, errors=_ERRORS)
    with _named(file):
        return files.enter_context(open(file, encoding=_ENCODING, errors=_ERRORS))


def _open_output(output: Path, files: ExitStack) -> IO[str]:
    with _named(output):
        return files.enter_context(output.open("w", encoding="utf-8"))


@contextmanager
def _named(file: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from error


def _classify(source: Iterable[str], target: IO[str], predictor: Predictor) -> int:
    """Write a record for each line of `source`; return how many could not be read."""
    errors = 0
    items = (_parse(number, line) for number, line in enumerate(source, 1) if line.strip())
    columns = SpinnerColumn(), TextColumn("classified"), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("classify", total=None)
        while batch := [*islice(items, BATCH)]:
            for record in _records(batch, predictor):
                errors += "error" in record
                target.write(json.dumps(record, ensure_ascii=False) + "\n")
            progress.advance(task, len(batch))
    return errors


def _records(batch: list[_Item], predictor: Predictor) -> Iterator[dict[str, Any]]:
    findings = iter(analyse([item for _, item in batch if isinstance(item, SurveyResponse)], predictor))
    for key, item in batch:
        if isinstance(item, SurveyResponse):
            yield {"id": key} | finding_record(next(findings))
        else:
            yield {"id": key, "error": item}


def _parse(number: int, line: str) -> _Item:
    """Read one line; whatever is wrong with it is said with its number."""
    if _SURROGATE.search(line):
        return None, f"line {number}: not UTF-8"
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return None, f"line {number}: not JSON: {error}"
    if not isinstance(record, dict):
        return None, f"line {number}: an object with a `text` is needed"
    key, text = record.get("id"), record.get("text")
    locale, country, question = record.get("locale"), record.get("country"), record.get("question")
    if _SURROGATE.search(json.dumps(key, ensure_ascii=False)):
        return None, f"line {number}: the id has half a character (a lone surrogate)"
    if not isinstance(text, str):
        return key, f"line {number}: `text` must be a string"
    if _SURROGATE.search(text) or (isinstance(question, str) and _SURROGATE.search(question)):
        return key, f"line {number}: the text or question has half a character (a lone surrogate)"
    if isinstance(country, str) and country.upper() not in COUNTRIES:
        return key, f"line {number}: unknown country {country!r}; use ISO 3166-1 alpha-2, such as IT or GB"
    return key, SurveyResponse(
        external_id="",
        comment=text,
        question=question if isinstance(question, str) else None,
        locale=locale if isinstance(locale, str) else None,
        country=country.upper() if isinstance(country, str) else None,
    )
