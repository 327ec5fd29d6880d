"""YAML for people: every mistake can be named with its line.

Only `true` and `false` are booleans here, for `NO` is a country and `no` an answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Place = tuple[int | str, ...]
"""Where in a file: keys and list positions from the top."""


class MarkedYamlError(Exception):
    """The text is not YAML at all; `line` says where that became clear."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


class _Loader(yaml.SafeLoader):
    """YAML without the words that older versions take for booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where it says it."""

    data: Any
    root: yaml.Node | None

    def line(self, place: Place) -> int:
        """Return the line of the deepest part of `place` that exists, from 1."""
        node = self.root
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

    def repeated_keys(self) -> Iterator[tuple[Place, str, int]]:
        """Yield the place, key and line of each key given again: YAML lets the last one win in silence."""
        yield from _repeated(self.root, ())


def parse(text: str) -> Document:
    """Read YAML. Raises `MarkedYamlError`."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return Document(loader.construct_document(root) if root else None, root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MarkedYamlError(line, str(error.problem)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise MarkedYamlError(line, f"a character that no text may have: {error.reason}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MarkedYamlError(1, str(error)) from error


def _repeated(node: yaml.Node | None, place: Place) -> Iterator[tuple[Place, str, int]]:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated(item, (*place, index))
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            yield place, str(key.value), key.start_mark.line + 1
        seen.add(str(key.value))
        yield from _repeated(value, (*place, str(key.value)))
