"""langdetect's profiles as a table on disk."""

from pathlib import Path

import numpy as np
import pytest
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.utils.ngram import NGram

from triage import profiles
from triage.profiles import CODES, open_table

ALPHA = 0.5 / 10_000
"""langdetect's smoothing."""


def grams(word: str) -> list[str]:
    """The n-grams that langdetect itself takes from a word and the spaces around it."""
    window, found = NGram(), []
    for character in f"{word} ":
        window.add_char(character)
        found += [window.get(size) for size in (1, 2, 3)]
    return [gram for gram in found if gram]


def test_words_add_up_to_what_langdetect_counts(tmp_path: Path) -> None:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    counted, table = factory.word_lang_prob_map, open_table(tmp_path)
    for text in ("bestellung", "où", "când vine", "гардероб не пришёл", "xq"):
        known = [gram for word in text.split() for gram in grams(word) if gram in counted]
        assert known
        expected = np.log(np.array([counted[gram] for gram in known]) + ALPHA).sum(axis=0)
        by_code = dict(zip(factory.langlist, expected, strict=True))
        np.testing.assert_allclose(table.score(text), [by_code[code] for code in CODES], rtol=1e-4)


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_table(tmp_path).score("Wann kommt meine Bestellung?")
    assert CODES[first.argmax()] == "de"
    monkeypatch.setattr(profiles, "_build", lambda: pytest.fail("built again"))
    np.testing.assert_array_equal(open_table(tmp_path).score("Wann kommt meine Bestellung?"), first)
