"""Reading a rules file: every mistake is named with its line, all at once, before anything runs."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from triage.errors import ConfigurationError
from triage.marked_yaml import Document, MarkedYamlError, Place, parse
from triage.routing.rules import Rules


def load_rules(path: Path | None) -> Rules:
    """Read the rules at `path`, or those packaged with the service.

    Raises `ConfigurationError` with a line for every mistake: `file:line: where: what`.
    """
    if path is None:
        text = files("triage.routing").joinpath("default.yaml").read_text(encoding="utf-8")
        return parse_rules(text, "default.yaml")
    try:
        return parse_rules(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the routing rules: {error}") from error


def parse_rules(text: str, source: str) -> Rules:
    """Read rules from YAML `text`; `source` names it in errors. Raises `ConfigurationError`."""
    try:
        document = parse(text)
    except MarkedYamlError as error:
        raise ConfigurationError(f"{source}:{error.line}: not valid YAML: {error}") from error
    mistakes = list(_repeated_keys(document))
    try:
        rules = Rules.model_validate(document.data)
        mistakes += _contradictions(rules)
    except ValidationError as error:
        mistakes += [(tuple(e["loc"]), e["msg"].removeprefix("Value error, ")) for e in error.errors()]
    if mistakes:
        raise ConfigurationError("\n".join(_sentence(source, document, *mistake) for mistake in mistakes))
    return rules


def _sentence(source: str, document: Document, place: Place, message: str) -> str:
    where = ".".join(map(str, place)) or "the file"
    return f"{source}:{document.line(place)}: {where}: {message}"


def _repeated_keys(document: Document) -> Iterator[tuple[Place, str]]:
    """Say so where a key is given twice, which would lose a queue."""
    for place, key, line in document.repeated_keys():
        yield place, f"{key!r} is given twice, again on line {line}"


def _contradictions(rules: Rules) -> Iterator[tuple[Place, str]]:
    """Yield what is well-formed and still cannot work."""
    yield from _area_mistakes(rules)
    for index, rule in enumerate(rules.rules):
        place: Place = ("rules", index)
        queue = rules.queues.get(rule.queue)
        if queue is None:
            yield (*place, "queue"), f"no queue is called {rule.queue!r}; there are {_names(rules.queues)}"
        elif rule.due is None and rule.priority not in queue.due:
            yield (*place, "priority"), f"queue {rule.queue!r} has no due time for priority {rule.priority!r}"
        score = rule.when.score
        if score and score.at_least >= score.below:
            yield (*place, "when", "score"), "no score is that high and that low at once"
        is_last, is_open = index == len(rules.rules) - 1, not rule.when.model_fields_set
        if is_last and not is_open:
            yield place, "the last rule must have no conditions, so that no ticket is left without a queue"
        if is_open and not is_last:
            yield place, "has no conditions, so the rules after it can never match"


def _area_mistakes(rules: Rules) -> Iterator[tuple[Place, str]]:
    owner: dict[str, str] = {}
    for name, area in rules.areas.items():
        for country in sorted(area.countries):
            if country in owner:
                yield ("areas", name, "countries"), f"{country} is already in area {owner[country]!r}"
            owner[country] = name
        other = area.other_languages
        if other is not None and (other not in rules.areas or other == name):
            yield ("areas", name, "other_languages"), f"must name another area: {_names(rules.areas)}"
    if "*" not in owner:
        yield ("areas",), 'one area must have countries "*", for responses from anywhere else'


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
