from models.stub import StubPredictor
from training.dataset import Example
from training.outside import measure


def text(words: str, lang: str, polarity: str) -> Example:
    return Example(id="films", text=words, lang=lang, polarity=polarity)


def test_each_language_counts_the_same_and_the_worst_is_named() -> None:
    films = [
        text("a lovely end", "en", "positive"),
        text("broken again", "en", "negative"),
        text("un film ottimo", "it", "positive"),
        text("broken and late", "it", "positive"),
    ]
    heard: list[tuple[str, float]] = []
    sides = measure({"films": films}, StubPredictor(), lambda *news: heard.append(news))["films"]
    assert sides.right == {"en": 1.0, "it": 0.5}
    assert (sides.texts, sides.mean, sides.worst) == (4, 0.75, (0.5, "it"))
    assert heard == [("films", 1.0)]


def test_an_empty_set_is_left_out() -> None:
    assert measure({"films": []}, StubPredictor(), lambda *_: None) == {}
