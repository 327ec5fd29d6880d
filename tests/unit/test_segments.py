import time

import pytest

from triage import segments
from triage.second_look import turned
from triage.segments import segment


@pytest.mark.parametrize("mark", "?!)_-")
def test_a_run_of_marks_takes_no_more_time_than_words(mark: str) -> None:
    """Untamed, spaCy's tokenizer needs seconds for it, with every other request waiting."""
    text = "Where is my order" + mark * 5_000 + " I wait."
    segment("warm")
    began = time.process_time()
    found = segment(text)
    assert time.process_time() - began < 0.5
    assert (found[0].start, found[-1].end) == (0, len(text))


@pytest.mark.parametrize(
    "text", ["1. " * 3_000, "a" + "." * 8_000 + "5 b", "(" * 8_000 + ". x", ". 🙂" * 2_500]
)
def test_no_comment_holds_others_up(text: str) -> None:
    segment("warm")
    began = time.process_time()
    turned(text)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "sentences",
    [
        ("Muy bien.", "¿Dónde está mi pedido?"),
        ("Πότε έρχεται;", "Καλό μαγαζί."),
        ("Great sofa!", "When does the lamp come? 🙂 :)"),
        ("Bestellung Nr. 48213 ist nicht da.", "Wo ist sie?"),
        ("It was 1. slow 2. rude.", "Never again."),
        ('She said "no."', "(Twice!)"),
        ("Kein Punkt", "wo ist es"),
    ],
)
def test_sentences_are_whole(sentences: tuple[str, str]) -> None:
    text = ("\n" if sentences[0] == "Kein Punkt" else " ").join(sentences)
    assert tuple(text[s.start : s.end] for s in segment(text)) == sentences


def test_words_met_once_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_MOST_WORDS", 500)
    for number in range(600):
        segment(f"order{number} item{number}")
    assert len(segments._made().vocab) < 700
