import pytest

from triage.pipeline import has_words


@pytest.mark.parametrize("text", ["ok", "123", "👍", "⭐⭐⭐⭐⭐", "❤️", "☹", "✅", "ё"])
def test_letters_digits_and_emoji_are_read(text: str) -> None:
    assert has_words(text)


@pytest.mark.parametrize("text", ["", " \n", "...", "?!", "--", "\u3000"])
def test_marks_and_spaces_are_not(text: str) -> None:
    assert not has_words(text)
