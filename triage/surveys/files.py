"""Reading a folder of surveys: every mistake is named with its file and line, all at once.

brands.yaml   the brands: names, colours, where to share
common.yaml   scales and questions that several surveys share
NAME.yaml     a survey, called NAME
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from triage.errors import ConfigurationError
from triage.marked_yaml import Document, MarkedYamlError, Place, parse
from triage.surveys.assemble import assemble
from triage.surveys.explain import explained
from triage.surveys.form import Catalogue, Survey
from triage.surveys.rules import (
    Shared,
    block,
    brand_mistakes,
    items,
    question_mistakes,
    survey_mistakes,
    text_mistakes,
)
from triage.surveys.schema import BrandsIn, CommonIn, SurveyIn

BRANDS, COMMON = "brands.yaml", "common.yaml"
_MODELS: Final[dict[str, type[BaseModel]]] = {BRANDS: BrandsIn, COMMON: CommonIn}


@dataclass(frozen=True, order=True, slots=True)
class Mistake:
    """Something in a file that must be put right."""

    file: str
    line: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.where}: {self.what}"


def load(folder: Path) -> Catalogue:
    """Read the surveys of `folder`. Raises `ConfigurationError` with a line for every mistake."""
    catalogue, mistakes = check(folder)
    if catalogue is None:
        raise ConfigurationError("\n".join(map(str, mistakes)))
    return catalogue


def check(folder: Path, adding: Path | None = None) -> tuple[Catalogue | None, list[Mistake]]:
    """Read the surveys of `folder`, and `adding` as if it were among them.

    Return them where nothing is wrong, and what is wrong.
    """
    documents, mistakes = _documents(folder, adding)
    shared = _shared(documents)
    parts: dict[str, BaseModel] = {}
    for name, document in documents.items():
        found = [*_repeated(document), *_form_mistakes(_MODELS.get(name, SurveyIn), document, parts, name)]
        found += _sense_mistakes(name, document, shared)
        mistakes += [
            Mistake(name, document.line(place), ".".join(map(str, place)) or "the file", what)
            for place, what in dict.fromkeys(found)
        ]
    return (None if mistakes else assemble(parts)), sorted(mistakes)


def import_survey(file: Path, folder: Path) -> tuple[Survey | None, list[Mistake]]:
    """Put a survey's file into `folder`, in place of its last version; nothing where a mistake is found.

    Raises `ConfigurationError` for a file that every survey shares.
    """
    if file.name in _MODELS:
        raise ConfigurationError(f"{file.name} is no survey; edit it where the surveys are, then check them")
    catalogue, mistakes = check(folder, file)
    if catalogue is None:
        return None, mistakes
    survey, before = catalogue.surveys[file.stem], _before(folder, file)
    if before and before.version >= survey.version and _asked(before) != _asked(survey):
        what = f"raise it above {before.version}: the questions changed, and reports tell them apart by it"
        return None, [Mistake(file.name, parse(file.read_text("utf-8")).line(("version",)), "version", what)]
    # A new name first: a service that starts meanwhile finds the old file or the new one, never half of it.
    fresh = folder / f".{file.name}.new"
    shutil.copyfile(file, fresh)
    fresh.replace(folder / file.name)
    return survey, []


def _before(folder: Path, file: Path) -> Survey | None:
    catalogue, _ = check(folder)
    return catalogue.surveys.get(file.stem) if catalogue else None


def _asked(survey: Survey) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what makes answers comparable: the questions' keys, kinds and options, not their words."""
    return [(q.key, q.kind, tuple(option.key for option in q.options)) for q in survey.questions]


def _documents(folder: Path, adding: Path | None) -> tuple[dict[str, Document], list[Mistake]]:
    """Read every file; what is not even YAML is a mistake and no document."""
    documents: dict[str, Document] = {}
    found = {path.name: path for path in folder.glob("*.y*ml") if not path.name.startswith(".")}
    names = found.keys() | ({adding.name} if adding else set())
    paths = sorted((found | ({adding.name: adding} if adding else {})).values())
    mistakes = [
        Mistake(name, 1, "the file", "is missing in the folder; add it") for name in {BRANDS, COMMON} - names
    ]
    if not names - {BRANDS, COMMON}:
        mistakes.append(Mistake(folder.name, 1, "the folder", "has no survey; add one, such as nps.yaml"))
    for path in paths:
        try:
            _check_name(path)
            documents[path.name] = parse(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            mistakes.append(Mistake(path.name, line, "the file", 'is not UTF-8; save it as "UTF-8" text'))
        except MarkedYamlError as error:
            mistakes.append(Mistake(path.name, error.line, "the file", _syntax(str(error))))
        except (OSError, ValueError) as error:
            mistakes.append(Mistake(path.name, 1, "the file", str(error)))
    return documents, mistakes


def _check_name(path: Path) -> None:
    if path.suffix != ".yaml" or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", path.stem):
        raise ValueError("rename it: small letters, digits and _ , then .yaml, such as web_shop.yaml")


def _syntax(problem: str) -> str:
    if "\\t" in problem:
        return "has a tab at the beginning of a line; indent with spaces"
    advice = "put texts with a colon or a brace in quotes; look at the line above too"
    return f"cannot be read ({problem}); {advice}"


def _shared(documents: Mapping[str, Document]) -> Shared:
    common = block(documents[COMMON].data if COMMON in documents else None)
    brands = block(documents[BRANDS].data if BRANDS in documents else None)
    return Shared(
        questions={str(block(q).get("key")): block(q) for q in items(common.get("questions"))},
        scales=frozenset(map(str, block(common.get("scales")))),
        brands=block(brands.get("brands")),
    )


def _repeated(document: Document) -> Iterator[tuple[Place, str]]:
    for place, key, line in document.repeated_keys():
        yield (*place, key), f"{key!r} is given twice, again on line {line}; keep one of them"


def _form_mistakes(
    model: type[BaseModel], document: Document, parts: dict[str, BaseModel], name: str
) -> Iterator[tuple[Place, str]]:
    try:
        parts[name] = model.model_validate({} if document.data is None else document.data)
    except ValidationError as error:
        yield from map(explained, error.errors(include_url=False))


def _sense_mistakes(name: str, document: Document, shared: Shared) -> Iterator[tuple[Place, str]]:
    yield from text_mistakes(document.data)
    if name == BRANDS:
        yield from brand_mistakes(document.data)
    elif name == COMMON:
        seen: set[str] = set()
        for index, question in enumerate(items(block(document.data).get("questions"))):
            key = str(block(question).get("key"))
            if key in seen:
                yield ("questions", index, "key"), f"another question above is called {key!r} too"
            seen.add(key)
            yield from question_mistakes(block(question), ("questions", index), shared.scales)
    else:
        yield from survey_mistakes(document.data, shared)
