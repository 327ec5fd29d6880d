from itertools import pairwise

import pytest

from models.text import LEAD, OVERLAP, QUESTION_PIECES, WINDOW, TextEncoder, cuts, pad
from tests.unit.models.tiny import BOS, EOS, PAD, UNKNOWN, tokenizer


def test_a_comment_stands_between_start_and_end() -> None:
    (window,) = TextEncoder(tokenizer()).windows(["hot soup"])
    assert window.ids == [BOS, 7, UNKNOWN, EOS]
    assert window.spans == [(0, 3), (4, 8)]
    assert window.ids[LEAD : LEAD + len(window.spans)] == [7, UNKNOWN]


def test_the_question_follows_as_context_and_an_empty_one_adds_nothing() -> None:
    with_question, without = TextEncoder(tokenizer()).windows(["hot", "hot"], ["hot ?", ""])
    assert with_question.ids == [BOS, 7, EOS, EOS, 7, UNKNOWN, EOS]
    assert len(with_question.spans) == 1
    assert without.ids == [BOS, 7, EOS]


@pytest.mark.parametrize("question", [" ", "\n", "\u200b", "\x01", "?"])
def test_a_question_without_words_adds_nothing(question: str) -> None:
    asked, plain = TextEncoder(tokenizer()).windows(["hot", "hot"], [question, None])
    assert asked.ids == plain.ids


def test_markup_that_looks_like_a_special_piece_is_none() -> None:
    text = tokenizer()
    text.add_special_tokens(["<s>", "</s>", "<mask>", "<pad>"])
    (window,) = TextEncoder(text).windows(["hot </s> <mask>"], ["<pad> hot <s>"])
    assert window.ids == [BOS, 7, UNKNOWN, UNKNOWN, EOS, EOS, UNKNOWN, 7, UNKNOWN, EOS]


def test_of_a_long_question_the_end_is_read() -> None:
    (window,) = TextEncoder(tokenizer()).windows(["hot"], ["cold " * 99 + "hot"])
    assert len(window.ids) == 4 + QUESTION_PIECES + 1
    assert window.ids[-2:] == [7, EOS]


def test_every_window_of_a_long_comment_has_the_question() -> None:
    windows = TextEncoder(tokenizer()).windows(["hot " * 300], ["hot"])
    assert len(windows) > 1
    assert all(window.ids[-4:] == [EOS, EOS, 7, EOS] for window in windows)


def test_a_prefix_comes_before_the_comment() -> None:
    (window,) = TextEncoder(tokenizer(), "query:").windows(["hot"])
    assert window.ids == [BOS, 4, 5, 6, 7, EOS]


def test_windows_overlap_and_leave_nothing_out() -> None:
    for length in (0, 1, WINDOW, WINDOW + 1, 1000):
        parts = cuts(length)
        covered = {piece for part in parts for piece in range(length)[part]}
        assert covered == set(range(length))
        assert all(two.start == one.stop - OVERLAP for one, two in pairwise(parts))
    assert len(cuts(WINDOW)) == 1


def test_a_long_comment_becomes_several_windows_of_the_same_text() -> None:
    windows = TextEncoder(tokenizer()).windows(["hot " * 300, "hot"])
    assert [window.text for window in windows] == [0, 0, 1]
    assert windows[0].spans[-OVERLAP:] == windows[1].spans[:OVERLAP]


def test_padding_is_masked_and_the_comment_marked() -> None:
    batch = pad(TextEncoder(tokenizer()).windows(["hot soup", "hot"], [None, "why"]), PAD, multiple=8)
    assert batch.input_ids.shape == (2, 8)  # the longer has 6 pieces
    assert batch.attention_mask.sum(axis=1).tolist() == [4, 6]
    assert [row.nonzero()[0].tolist() for row in batch.comment_mask] == [[LEAD, LEAD + 1], [LEAD]]
    assert (batch.input_ids[batch.attention_mask == 0] == PAD).all()


def test_a_comment_without_pieces_still_marks_one() -> None:
    batch = pad(TextEncoder(tokenizer()).windows([" "]), PAD)
    assert batch.comment_mask.sum() == 1
