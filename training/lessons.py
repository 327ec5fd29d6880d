"""What a network is taught by a recipe: what is new to the bundle that it was, or everything, in cycles."""

from collections.abc import Callable, Sequence
from pathlib import Path

from models.network import TriageNetwork
from models.text import TextEncoder
from training import renewal, thirdparty
from training.data import Data
from training.dataset import Example
from training.questions import Questions
from training.recipe import Cycle, Recipe, applicable, drawn, rehearsable
from training.schedule import Schedule
from training.train import Step, combine, copied, train
from training.unfinished import Finished, Unfinished
from training.windows import PADDING


class Lessons:
    """What a network is taught by a recipe; each lesson returns digests of all that was learnt from."""

    def __init__(
        self, recipe: Recipe, network: TriageNetwork, text: TextEncoder, folder: Path, step: Step
    ) -> None:
        self._recipe, self._network, self._text = recipe, network, text
        self._folder, self._step = folder, step
        self._questions = Questions(recipe.surveys) if recipe.surveys else None
        self._beside: list[Example] = []
        if recipe.third_party:
            self._beside, _ = thirdparty.load(recipe.third_party, recipe.first_pass.seed)

    def renew(self, data: Data, start: Path) -> renewal.Digests:
        """One cycle from the bundle in `start`, over what is new to it and some of what is not."""
        known = renewal.read(start)
        before = copied(self._network)
        gone_over = renewal.examples(data.train, data.second, known)
        self._train("Training on what is new", gone_over, renewal.SCHEDULE)
        combine(self._network, [copied(self._network)], before, renewal.KEPT)
        return renewal.united(known, data.train)

    def learn(self, data: Data, run: Unfinished) -> renewal.Digests:
        """The first pass over third-party text, then cycle by cycle, but what `run` has finished."""
        recipe = self._recipe
        cycles = applicable(recipe.cycles, data.train, data.reread)
        finished = self._begin(cycles, run)
        for number, cycle in enumerate(cycles[finished.cycles :], finished.cycles + 1):
            self._cycle(f"Training, cycle {number} of {len(cycles)}", cycle, data, finished)
            run.write(finished)
        shown = {one.id for cycle in cycles for one in comments_of(cycle, data, recipe.share)[0]}
        return renewal.digests(one for one in data.train if one.id in shown)

    def _begin(self, cycles: Sequence[Cycle], run: Unfinished) -> Finished:
        """The weights that a stopped run had reached, or those after the first pass."""
        finished = run.read()
        if finished:
            self._step(f"{finished.cycles} of {len(cycles)} cycles were finished before", 1.0)
            self._network.load_state_dict(finished.starts[-1], strict=False)
            return finished
        if self._beside:
            self._train("First pass", self._beside, self._recipe.first_pass, beside=())
        finished = Finished(starts=[copied(self._network)])
        run.write(finished)
        return finished

    def _cycle(self, name: str, cycle: Cycle, data: Data, finished: Finished) -> None:
        examples, earlier = comments_of(cycle, data, self._recipe.share)
        self._train(name, examples, cycle.schedule, self._beside, earlier)
        ends = [*finished.ends, copied(self._network)][-cycle.mean :]
        combine(self._network, ends, finished.starts[-cycle.mean :][0], cycle.kept)
        reach = max(cycle.mean for cycle in self._recipe.cycles)
        finished.add(ends[-1], copied(self._network), reach)

    def _train(
        self, name: str, examples: Sequence[Example], schedule: Schedule,
        beside: Sequence[Example] | None = None, earlier: Sequence[Example] = (),
    ) -> None:  # fmt: skip
        beside = self._beside if beside is None else beside
        told = _logged(name, self._folder, self._step)
        train(self._network, self._text, PADDING, examples, schedule, told, beside, self._questions, earlier)


def comments_of(cycle: Cycle, data: Data, share: float) -> tuple[list[Example], list[Example]]:
    """What a cycle goes over, and what it may draw from beside that.

    A cycle over second labels draws with these too, where there are any.
    """
    if not cycle.reread:
        return drawn(data.train, cycle, share), rehearsable(data.train, cycle, share)
    second = data.second
    examples = drawn(data.reread[cycle.reread], cycle, share)
    earlier = rehearsable(data.train, cycle, share, examples)
    return examples, [second.get(one.id, one) for one in earlier]


def _logged(name: str, folder: Path, step: Step) -> Callable[[float, str], None]:
    """Shows the share done, and keeps loss and speed in `training.log` beside the bundle."""
    folder.mkdir(parents=True, exist_ok=True)
    log = (folder / "training.log").open("a", encoding="utf-8", buffering=1)

    def tell(share: float, news: str) -> None:
        step(name, share)
        print(f"{name} {share:.3f} {news}", file=log)

    return tell
