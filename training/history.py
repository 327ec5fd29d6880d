"""How a bundle came to be, in words: a line for this run after those of the bundle that it began from."""

from collections.abc import Sequence, Sized

from models import bundle as bundles
from training import renewal, thirdparty
from training.data import Data
from training.recipe import Cycle, Recipe, applicable
from training.schedule import Schedule
from training.thirdparty import Source


def of(recipe: Recipe, data: Data) -> tuple[str, ...]:
    """The lines of a bundle that is made by `recipe` from `data`."""
    sources = [source for source in _present(recipe) if source.most]
    if recipe.start:
        return (*bundles.read(recipe.start).history, _renewed(recipe, data, sources))
    cycles = applicable(recipe.cycles, data.train, data.reread)
    told = [f"from the pretrained encoder over {len(data.train)} comments"]
    told += ["first over the third-party text alone"] if sources else []
    told += [_cycle(cycle, recipe, sources) for cycle in cycles]
    return ("; then ".join(told) + _named(sources),)


def _present(recipe: Recipe) -> list[Source]:
    return thirdparty.present(recipe.third_party) if recipe.third_party else []


def _renewed(recipe: Recipe, data: Data, sources: Sequence[Source]) -> str:
    assert recipe.start
    known = renewal.read(recipe.start)
    new = len(renewal.unknown(data.train, known))
    every = len(renewal.examples(data.train, {}, known))
    return (
        f"from `{recipe.start.name}` as it was over {new} comments that were new to it,"
        f" {renewal.TIMES} times, and {every - renewal.TIMES * new} that it knew"
        f"{_scheduled(renewal.SCHEDULE, recipe, sources)}; {renewal.KEPT:.0%} kept of the weights before"
        + _named(sources)
    )


def _cycle(cycle: Cycle, recipe: Recipe, sources: Sequence[Source]) -> str:
    whole = f"second readings ({cycle.reread})" if cycle.reread else "all"
    text = f"{_batches(cycle.batches)}" if cycle.batches else whole
    text += f" but {_batches(cycle.without)}" if cycle.without else ""
    text += _scheduled(cycle.schedule, recipe, sources)
    text += f", the mean of {cycle.mean} ends" if cycle.mean > 1 else ""
    return text + (f", {cycle.kept:.0%} kept of the weights before" if cycle.kept else "")


def _batches(names: Sized) -> str:
    return "1 batch" if len(names) == 1 else f"{len(names)} batches"


def _scheduled(schedule: Schedule, recipe: Recipe, sources: Sequence[Source]) -> str:
    text = f", {schedule.rehearsed:g} earlier comments beside each" if schedule.rehearsed else ""
    text += f", in two variations (consistency {schedule.consistency:g})" if schedule.consistency else ""
    text += ", no dropout" if not schedule.dropout else ""
    text += ", requests alone, to tell their intents and nothing else" if schedule.intents_alone else ""
    text += f", {schedule.asked:.0%} of it asked" if schedule.asked and recipe.asks else ""
    text += f", {schedule.beside:.0%} third-party text beside it" if schedule.beside and sources else ""
    return f"{text}, {schedule.epochs} epochs at {schedule.rate:g}, seed {schedule.seed}"


def _named(sources: Sequence[Source]) -> str:
    """Each with its licence, which the model card owes it."""
    if not sources:
        return ""
    return ". Third-party text: " + "; ".join(f"{s.name}: {s.origin}, {s.licence}" for s in sources)
