"""The word table on disk."""

from collections.abc import Iterator
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
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["words-3.npy"]


def test_of_one_word_in_one_language_the_commonest_spelling_stays(tmp_path: Path) -> None:
    open_table(tmp_path)
    assert len(np.load(tmp_path / "words-3.npy")) == 2


def test_romanian_typed_with_turkish_letters_is_romanian(tmp_path: Path) -> None:
    table = open_table(tmp_path)
    assert table.evidence("şi").tolist() == table.evidence("și").tolist()
    assert table.evidence("şi").argmax() == RO
