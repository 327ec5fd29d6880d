import json
from dataclasses import replace
from pathlib import Path

import pytest

from models import bundle as bundles
from models.bundle import Bundle
from tests.unit.training.examples import example, plain
from training import history, renewal
from training.data import Data
from training.recipe import ORDINARY, Recipe

DATA = Data(
    train=[example(id=f"en-b1-{number}", text=f"Comment {number}.") for number in range(4)],
    reread={}, dev=[], public=[], test=[], fresh=[],
)  # fmt: skip


def recipe(**given: object) -> Recipe:
    return replace(Recipe(name="ours", corpus=Path("corpus"), cycles=(ORDINARY,)), **given)  # type: ignore[arg-type]


def test_a_model_made_anew_has_one_line() -> None:
    (line,) = history.of(recipe(), DATA)
    assert line.startswith("from the pretrained encoder over 4 comments; then all but")
    assert "third-party" not in line


def test_a_renewed_model_adds_a_line_to_those_of_its_start(tmp_path: Path) -> None:
    bundles.write_facts(tmp_path, Bundle(name="first", history=("from nothing",)))
    renewal.write(tmp_path, renewal.digests(DATA.train[:3]))
    before, line = history.of(recipe(start=tmp_path), replace(DATA, train=[*DATA.train, plain(id="en-b0-1")]))
    assert before == "from nothing"
    assert "over 2 comments that were new to it, 2 times, and 3 that it knew" in line


def test_third_party_text_is_named_with_its_licence(tmp_path: Path) -> None:
    (tmp_path / "xed_sentiment.jsonl").write_text(
        json.dumps({"text": "a line", "lang": "en", "label": "negative"}) + "\n"
    )
    (line,) = history.of(recipe(third_party=tmp_path), DATA)
    assert "first over the third-party text alone" in line
    assert line.endswith("Third-party text: xed_sentiment: Helsinki-NLP/XED (Öhman et al. 2020), CC BY 4.0")


@pytest.mark.parametrize("name", ["XED", "CC BY 4.0", "CDLA-Sharing 1.0", "MIT"])
def test_the_released_model_names_what_it_learnt_from(name: str) -> None:
    assert name in " ".join(bundles.read(bundles.find("base")).history)
