import numpy as np
import pytest

from tests.texts import TEXTS
from tests.unit.training.examples import plain
from training import ngrams
from training.dataset import Example
from triage.errors import InvalidInput
from triage.labels import LANGUAGES, UNDETERMINED

CORPUS = [
    plain(id=f"{code}-b1-{number:03}", lang=code, text=text)
    for code in ("de", "pl", "el")
    for number, text in enumerate(TEXTS[code])
] * 3


def fitted(examples: list[Example]) -> ngrams.NGrams:
    return ngrams.fit(examples, lambda _: None)


def test_words_of_the_corpus_are_told_by_their_letters() -> None:
    found = fitted(CORPUS)
    for code in ("de", "pl", "el"):
        words = " ".join(TEXTS[code]).split()
        told = [
            found.log_probabilities(word).argmax() == LANGUAGES.index(code) for word in words if len(word) > 4
        ]
        assert np.mean(told) > 0.8, code


def test_comments_in_other_languages_are_undetermined() -> None:
    foreign = [plain(id=f"und-b1-{n}", lang=UNDETERMINED, text="nerede benim dolabım") for n in range(40)]
    assert fitted([*CORPUS, *foreign]).log_probabilities("dolabım").argmax() == len(LANGUAGES)


def test_the_same_seed_makes_the_same_table() -> None:
    one, other = fitted(CORPUS[:6]), fitted(CORPUS[:6])
    assert one.log_probabilities("Lieferung") == pytest.approx(other.log_probabilities("Lieferung"))


def test_progress_is_told_to_its_end() -> None:
    heard: list[float] = []
    ngrams.fit(CORPUS[:6], heard.append)
    assert heard[-1] == 1.0


def test_comments_without_a_letter_teach_nothing_and_that_is_said() -> None:
    with pytest.raises(InvalidInput, match="none has a letter"):
        fitted([plain(text="👍"), plain(lang=None, text="Was ist das?")])


def test_texts_without_letters_or_language_are_no_reason_to_fail() -> None:
    odd = [plain(text="👍"), plain(lang=None, text="Was ist das?")]
    assert np.isfinite(fitted([*odd, *CORPUS[:3]]).log_probabilities("ja")).all()
