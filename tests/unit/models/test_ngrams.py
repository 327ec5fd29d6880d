from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from models.ngrams import BITS, COLUMNS, NGrams, rows
from triage.errors import ConfigurationError


def speaking(text: str, column: int) -> NGrams:
    """A table in which all n-grams of `text` speak for one language."""
    weights = np.zeros((2**BITS, COLUMNS), dtype=np.float32)
    weights[rows(text), column] = 1.0
    return NGrams.rounded(weights)


def test_words_with_their_borders_are_cut_into_one_to_five_letters() -> None:
    assert len(rows("ja")) == 4 + 3 + 2 + 1  # of " ja "
    assert len(rows("ja ja")) == 7 + 6 + 5 + 4 + 3
    assert set(rows("ja")) < set(rows("ja ja"))


def test_a_word_too_long_for_that_is_taken_whole_too() -> None:
    assert len(rows("nein")) == 6 + 5 + 4 + 3 + 2 + 1
    whole = set(rows("nein")) - set(rows("neinn")) - set(rows("xnein"))
    assert len(whole) == 1, "all its n-grams stand in the others"
    assert whole < set(rows("nein danke"))


def test_the_same_letters_elsewhere_are_the_same_rows() -> None:
    assert sorted(rows("aaa")) == sorted(rows("AAA"))
    assert len(set(rows("aaaaaaaaaaaa"))) < len(rows("aaaaaaaaaaaa"))


@pytest.mark.parametrize("text", ["Super!!", "super 👍 10/10", "  SUPER…", "super2024"])
def test_only_letters_count(text: str) -> None:
    assert rows(text).tolist() == rows("super").tolist()


def test_the_two_ways_to_write_an_accent_are_one() -> None:
    assert rows("café").tolist() == rows("cafe\u0301").tolist()


@pytest.mark.parametrize("text", ["", "  ", "👍 10/10 …"])
def test_without_letters_no_language_is_likelier(text: str) -> None:
    found = speaking("super", 3).log_probabilities(text)
    assert found == pytest.approx(np.full(COLUMNS, -np.log(COLUMNS)))


def test_a_language_is_told_by_its_letters_and_the_rest_shares_what_is_left() -> None:
    found = speaking("bindningstid", 12).log_probabilities("Bindningstid!")
    assert found.argmax() == 12
    assert np.exp(found).sum() == pytest.approx(1.0)


def test_a_table_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    weights = np.random.default_rng(1).normal(size=(2**BITS, COLUMNS)).astype(np.float32)
    made = NGrams.rounded(weights)
    made.save(tmp_path / "n.safetensors")
    again = NGrams.load(tmp_path / "n.safetensors")
    assert again.log_probabilities("wo bleibt es") == pytest.approx(made.log_probabilities("wo bleibt es"))
    assert (tmp_path / "n.safetensors").stat().st_size < 20 * 2**BITS


@pytest.mark.parametrize("content", [None, b"", b"half a fi"])
def test_a_table_that_is_missing_or_damaged_is_named_with_what_to_do(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "n.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"n\.safetensors.*train the model again"):
        NGrams.load(file)


@pytest.mark.parametrize("shape", [(2**BITS, COLUMNS - 1), (2**BITS // 2, COLUMNS)])
def test_a_table_of_another_size_is_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    NGrams.rounded(np.ones(shape, dtype=np.float32)).save(tmp_path / "n.safetensors")
    with pytest.raises(ConfigurationError, match="not the table"):
        NGrams.load(tmp_path / "n.safetensors")


def test_a_table_of_another_type_is_refused(tmp_path: Path) -> None:
    table = np.full((2**BITS, COLUMNS), np.nan, dtype=np.float32)
    save_file({"table": table, "scales": np.ones(COLUMNS, dtype=np.float32)}, tmp_path / "n.safetensors")
    with pytest.raises(ConfigurationError, match="not the table"):
        NGrams.load(tmp_path / "n.safetensors")


SUPER = speaking("super", 3)


@given(st.text(max_size=300))
def test_whatever_is_typed_has_probabilities(text: str) -> None:
    found = rows(text)
    assert ((found >= 0) & (found < 2**BITS)).all()
    assert np.isfinite(SUPER.log_probabilities(text)).all()
