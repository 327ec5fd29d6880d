"""A model is made twice from one corpus, the second time with a stop: the bundles are the same."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from models import bundle as bundles
from models.predictor import load_predictor
from training import renewal
from training.dataset import to_record
from training.evaluate import pick
from training.recipe import ORDINARY, Cycle, Recipe
from training.release import release
from training.unfinished import FILE

pytestmark = pytest.mark.slow

CORPUS = Path("fixtures/corpus")
CYCLES = tuple(
    Cycle(schedule=replace(ORDINARY.schedule, seed=number), mean=mean) for number, mean in ((1, 1), (2, 2))
)


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "splits.json").write_text((CORPUS / "splits.json").read_text("utf-8"), "utf-8")
    for split, number in (("train", 500), ("dev", 200)):
        some = random.Random(1).sample(pick(CORPUS, split), number)
        lines = (json.dumps(to_record(one)) + "\n" for one in some)
        (corpus / f"{split}.jsonl").write_text("".join(lines), "utf-8")
    return Recipe(name="small", corpus=corpus, surveys=Path("fixtures/surveys"), layers=1, cycles=CYCLES)


def test_a_run_that_was_stopped_makes_the_same_bundle(recipe: Recipe, tmp_path: Path) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    release(recipe, whole, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        release(recipe, stopped, _stop)
    assert (stopped / FILE).is_file()
    release(recipe, stopped, lambda *_: None)
    for name in ("bundle.json", "weights.safetensors", bundles.NGRAMS, renewal.LEARNT):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes(), name
    assert not (stopped / FILE).exists()
    served = load_predictor(model=str(stopped), cache_dir=stopped / "runtime")
    assert served.predict(["Where is my sofa?"])


def _stop(name: str, share: float) -> None:
    if name.startswith("Training, cycle 2"):
        raise KeyboardInterrupt
