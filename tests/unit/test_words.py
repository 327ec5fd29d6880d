"""The word table on disk: made where it is missing or damaged, whole whoever else makes it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from triage import words
from triage.labels import LANGUAGES
from triage.words import Progress, open_table

IT, RO = LANGUAGES.index("it"), LANGUAGES.index("ro")


def few(progress: Progress) -> Iterator[int]:
    """Two words instead of a million."""
    for word, column, level in (("divano", IT, 400), ("și", RO, 150), ("și", RO, 200)):
        yield words._row(word) + (column << 10) + level


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_rows", few)


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    for _ in range(2):
        table = open_table(tmp_path / "cache", lambda what, _: said.append(what))
        assert table.evidence("Divano!").argmax() == IT
    assert said == ["Building the word lists"] * 2, "begun and done, the first time only"
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["words-1.npy"]


@pytest.mark.parametrize("kept", [0, 5, 100, -8])
def test_a_damaged_one_is_made_anew(tmp_path: Path, kept: int) -> None:
    open_table(tmp_path)
    file = tmp_path / "words-1.npy"
    file.write_bytes(file.read_bytes()[:kept])
    assert open_table(tmp_path).evidence("divano").argmax() == IT


def test_several_may_make_it_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(lambda _: open_table(tmp_path), range(32)))
    assert all(table.evidence("divano").argmax() == IT for table in tables)
    assert len(np.load(tmp_path / "words-1.npy")) == 2, "of one word in one language the commonest spelling"


def test_romanian_typed_with_turkish_letters_is_romanian(tmp_path: Path) -> None:
    table = open_table(tmp_path)
    assert table.evidence("şi").tolist() == table.evidence("și").tolist()
    assert table.evidence("şi").argmax() == RO
