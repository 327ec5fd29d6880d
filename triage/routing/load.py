"""Reading a rules file: every mistake is named with its line, all at once, before anything runs."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from triage.errors import ConfigurationError
from triage.routing.rules import Rules

Place = tuple[int | str, ...]
"""Where in the file: keys and list positions from the top."""


class _Loader(yaml.SafeLoader):
    """YAML in which only `true` and `false` are booleans: `NO` is a country."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
        loader = _Loader(text)
        root = loader.get_single_node()
        data = loader.construct_document(root) if root else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{source}:{line}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{source}:1: not valid YAML: {error}") from error
    mistakes = list(_repeated_keys(root))
    try:
        rules = Rules.model_validate(data)
        mistakes += _contradictions(rules)
    except ValidationError as error:
        mistakes += [(tuple(e["loc"]), e["msg"].removeprefix("Value error, ")) for e in error.errors()]
    if mistakes:
        raise ConfigurationError("\n".join(_sentence(source, root, *mistake) for mistake in mistakes))
    return rules


def _sentence(source: str, root: yaml.Node | None, place: Place, message: str) -> str:
    where = ".".join(map(str, place)) or "the file"
    return f"{source}:{_line(root, place)}: {where}: {message}"


def _line(node: yaml.Node | None, place: Place) -> int:
    """Return the line of the deepest part of `place` that exists in the file, from 1."""
    line = node.start_mark.line + 1 if node else 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _repeated_keys(node: yaml.Node | None, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """YAML lets the last of two equal keys win in silence, which here would lose a queue."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated_keys(item, (*place, index))
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            yield place, f"{key.value!r} is given twice, again on line {key.start_mark.line + 1}"
        seen.add(str(key.value))
        yield from _repeated_keys(value, (*place, str(key.value)))


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
