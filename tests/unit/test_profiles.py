"""langdetect's profiles as a table on disk."""

import random
from pathlib import Path

import numpy as np
import pytest
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

from triage import profiles
from triage.profiles import CODES, open_table


def test_a_row_says_what_langdetect_counts(tmp_path: Path) -> None:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    table = open_table(tmp_path)
    counted = factory.word_lang_prob_map
    letters = [gram for gram in counted if len(gram) == 1 and gram.islower()]
    for letter in random.Random(0).sample(letters, 50):
        grams = [gram for gram in (letter, f" {letter}", f"{letter} ", f" {letter} ") if gram in counted]
        expected = sum(np.log(np.array(counted[gram]) + 0.5 / 10_000) for gram in grams)
        by_code = dict(zip(factory.langlist, np.asarray(expected), strict=True))
        np.testing.assert_allclose(table.score(letter), [by_code[code] for code in CODES], rtol=1e-4)


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_table(tmp_path).score("Wann kommt meine Bestellung?")
    assert CODES[first.argmax()] == "de"
    monkeypatch.setattr(profiles, "_build", lambda: pytest.fail("built again"))
    np.testing.assert_array_equal(open_table(tmp_path).score("Wann kommt meine Bestellung?"), first)
