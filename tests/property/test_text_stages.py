"""Whatever people type, the pure stages keep their promises."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.packed import dequantise, split_blocks
from models.text import OVERLAP, WINDOW, cuts
from tests.texts import TEXTS
from triage.findings import locate
from triage.language import CODES, detect
from triage.letters import lower
from triage.pipeline import has_words
from triage.segments import segment
from triage.spelling import spelt
from triage.types import TokenScore

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")  # the first call of some stages loads their data

UNSURE = [1 / len(CODES)] * len(CODES)
typed = st.text(max_size=300) | st.lists(st.sampled_from([t for ts in TEXTS.values() for t in ts])).map(
    " \n".join
)


@given(typed)
def test_sentences_are_in_order_apart_and_trimmed(text: str) -> None:
    found = segment(text)
    for sentence in found:
        piece = text[sentence.start : sentence.end]
        assert piece
        assert piece == piece.strip()
    assert all(a.end <= b.start for a, b in pairwise(found))
    kept = "".join(text[s.start : s.end] for s in found)
    assert "".join(kept.split()) == "".join(text.split())


@given(typed, st.sampled_from([None, "de-CH", "xx", "", "pt_BR", "nonsense-locale"]))
def test_language_is_a_known_code_with_a_probability_and_never_varies(text: str, locale: str | None) -> None:
    finding = detect(text, UNSURE, locale)
    assert finding.code in CODES
    assert 0.0 <= finding.confidence <= 1.0
    assert finding == detect(text, UNSURE, locale)


@given(typed, st.data())
def test_a_request_is_always_a_place_in_the_text(text: str, data: st.DataObject) -> None:
    edges = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    chances = data.draw(st.lists(st.floats(0, 1), min_size=len(edges), max_size=len(edges)))
    tokens = [
        TokenScore(start=a, end=b, probability=p) for a, b, p in zip(edges, edges[1:], chances, strict=False)
    ]
    place = locate(text, tokens, segment(text))
    assert 0 <= place.start <= place.end <= len(text)


@given(st.integers(0, 5_000))
def test_windows_cover_every_piece_and_overlap(length: int) -> None:
    windows = cuts(length)
    covered = [i for window in windows for i in range(length)[window]]
    assert sorted(set(covered)) == list(range(length))
    assert all(window.stop - window.start == WINDOW for window in windows)
    assert all(b.start == a.stop - OVERLAP for a, b in pairwise(windows))


@given(st.text(alphabet=" \n\t.,;:!?-–…()\"'​‮", max_size=50))
def test_marks_and_spaces_alone_are_no_words(text: str) -> None:
    assert not has_words(text)


@given(st.binary(min_size=18, max_size=18 * 4).map(lambda b: b[: len(b) // 18 * 18]))
def test_blocks_are_whole_numbers_times_their_scale(raw: bytes) -> None:
    blocks = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 18)
    scales, values = split_blocks(blocks)
    assert values.min() >= -8
    assert values.max() <= 7
    np.testing.assert_array_equal(dequantise(blocks), (values * scales).reshape(-1))


@given(typed)
def test_lower_case_moves_no_offset(text: str) -> None:
    assert len(lower(text)) == len(text)
    assert lower(text.lower()) == text.lower()


@given(typed)
def test_reading_over_slips_moves_no_word(text: str) -> None:
    meant = spelt(text)
    assert len(meant.origins) == len(meant.text) + 1
    assert list(meant.origins) == sorted(meant.origins)
    assert meant.origins[-1] == len(text)
    assert all(origin < len(text) for origin in meant.origins[:-1])
    marks = [(at, c) for at, c in enumerate(meant.text) if not c.isalpha()]
    assert all(lower(text)[meant.origins[at]] == c for at, c in marks), "only words are touched"
