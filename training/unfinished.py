"""Keeps a run of hours on disk, so that one that was stopped goes on after the last cycle it finished.

Every cycle draws by a seed of its own and begins with a new optimizer, so a run that goes on ends in the
weights that it would have had without the stop: what lies between two cycles is the weights alone.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from training import thirdparty
from training.data import Data
from training.recipe import Recipe
from training.renewal import digests
from triage.errors import ConfigurationError

FILE: Final = "unfinished.safetensors"

Weights = dict[str, Tensor]


@dataclass
class Finished:
    """Weights between the cycles of a run, newest last, as far back as a mean of theirs reaches."""

    cycles: int = 0
    starts: list[Weights] = field(default_factory=list)
    """What cycles began with; the last is what the next one begins with."""
    ends: list[Weights] = field(default_factory=list)
    """What cycles ended in, before any mean of them."""

    def add(self, end: Weights, start: Weights, reach: int) -> None:
        """One more cycle ended in `end`, and the next begins with `start`; of `reach` cycles both stay."""
        self.cycles += 1
        self.starts = [*self.starts, start][-reach:]
        self.ends = [*self.ends, end][-reach:]


class Unfinished:
    """The run in a folder, if it was stopped there.

    Raises ConfigurationError where another recipe or other text was begun in that folder.
    """

    def __init__(self, folder: Path, recipe: Recipe, data: Data) -> None:
        self._path = folder / FILE
        self._run = _digest(recipe, data)
        if self._path.is_file() and self._facts()["run"] != self._run:
            raise ConfigurationError(
                f"{self._path} is of a run that was stopped, by another recipe or from other text:"
                " remove it to begin anew here, or name another --output"
            )

    def read(self) -> Finished | None:
        """How far the run came; None where nothing was finished."""
        if not self._path.is_file():
            return None
        groups: dict[str, dict[int, Weights]] = {"starts": {}, "ends": {}}
        for key, tensor in load_file(self._path).items():
            kind, place, name = key.split(".", 2)
            groups[kind].setdefault(int(place), {})[name] = tensor
        starts, ends = ([found[place] for place in sorted(found)] for found in groups.values())
        return Finished(int(self._facts()["cycles"]), starts, ends)

    def write(self, finished: Finished) -> None:
        """In place of what was there; a stop while it writes loses nothing."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        facts = {"run": self._run, "cycles": str(finished.cycles)}
        part = self._path.with_suffix(".part")
        save_file(_named("starts", finished.starts) | _named("ends", finished.ends), part, facts)
        part.rename(self._path)

    def remove(self) -> None:
        """Once there is a bundle."""
        self._path.unlink(missing_ok=True)

    def _facts(self) -> dict[str, str]:
        with safe_open(self._path, "pt") as file:
            return dict(file.metadata())


def _named(kind: str, weights: Sequence[Weights]) -> dict[str, Tensor]:
    return {
        f"{kind}.{place}.{name}": tensor for place, one in enumerate(weights) for name, tensor in one.items()
    }


def _digest(recipe: Recipe, data: Data) -> str:
    """Of all that decides what a run comes to."""
    facts = {
        "schedules": [asdict(recipe.first_pass), *(asdict(cycle) for cycle in recipe.cycles)],
        "network": [recipe.encoder, str(recipe.start), recipe.layers],
        "share": recipe.share,
        "surveys": recipe.surveys is not None,
        "sources": _sizes(recipe.third_party) if recipe.third_party else {},
    }
    text = [*data.train, *(one for file in data.reread.values() for one in file)]
    found = blake2b(json.dumps(facts, default=sorted).encode(), digest_size=16)
    found.update(digests(text).tobytes())
    return found.hexdigest()


def _sizes(third_party: Path) -> dict[str, int]:
    return {
        source.file: (third_party / source.file).stat().st_size for source in thirdparty.present(third_party)
    }
