from triage.findings import assemble, locate
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, SENTIMENTS
from triage.types import Confident, LanguageFinding, Prediction, Segment, Thresholds, TokenScore

ENGLISH = LanguageFinding(code="en", confidence=0.99)
TEXT = "Lovely shop. When does my sofa come? Thanks"


def words(text: str, *marked: str, sure: float = 0.9) -> tuple[TokenScore, ...]:
    scores, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        scores.append(TokenScore(start=start, end=at, probability=sure if word in marked else 0.05))
    return tuple(scores)


def one_hot(names: tuple[str, ...], name: str, peak: float = 0.9) -> tuple[float, ...]:
    rest = (1 - peak) / (len(names) - 1)
    return tuple(peak if n == name else rest for n in names)


def prediction(**changes: object) -> Prediction:
    silent = (0.97, 0.01, 0.01, 0.01)
    facts = {
        "aspects": tuple((0.1, 0.1, 0.7, 0.1) if c == "delivery" else silent for c in CATEGORIES),
        "sentiment": one_hot(SENTIMENTS, "mixed"),
        "request": 0.95,
        "intent": one_hot(INTENTS, "order_status"),
        "urgent": 0.02,
        "language": one_hot((*LANGUAGES, "und"), "en"),
        "tokens": words(TEXT, "When", "does", "my", "sofa", "come?"),
    }
    return Prediction(**{**facts, **changes})  # type: ignore[arg-type]


def find(thresholds: Thresholds = Thresholds(), **changes: object):  # type: ignore[no-untyped-def]
    return assemble(TEXT, prediction(**changes), ENGLISH, [], thresholds, "m-1")


def test_request_carries_intent_and_the_asking_sentence() -> None:
    request = find().request
    assert request is not None
    assert (request.intent, request.text) == ("order_status", "When does my sofa come?")
    assert TEXT[request.start : request.end] == request.text


def test_below_the_threshold_there_is_no_request() -> None:
    assert find(Thresholds(request=0.96)).request is None


def test_only_categories_spoken_of_are_reported_with_their_likeliest_polarity() -> None:
    assert [(a.category, a.polarity, a.confidence) for a in find().aspects] == [("delivery", "negative", 0.7)]
    assert find(Thresholds(aspect=0.95)).aspects == ()


def test_urgent_confidence_is_that_of_the_answer_given() -> None:
    calm, alarmed = find(), find(urgent=0.8)
    assert (calm.urgent, calm.urgent_confidence) == (False, 0.98)
    assert (alarmed.urgent, alarmed.urgent_confidence) == (True, 0.8)


def test_abstains_where_score_or_lead_falls_short() -> None:
    strict = Thresholds(confident={"sentiment": Confident(score=0.95), "aspects": Confident(margin=0.65)})
    assert find(strict).abstained == ("sentiment", "aspects.delivery")
    assert find().abstained == ()


def test_an_answer_below_a_half_is_judged_by_its_own_chance() -> None:
    """A low threshold gives the less likely answer: its doubt is its own, not that of the other."""
    low = Thresholds(request=0.2, urgent=0.2, confident={"request": Confident(score=0.7)})
    assert "request" in find(low, request=0.3).abstained
    assert "request" not in find(low, request=0.1).abstained
    lead = Thresholds(request=0.2, confident={"request": Confident(margin=-0.5)})
    assert "request" not in find(lead, request=0.3).abstained
    assert "request" in find(lead, request=0.21).abstained


def test_a_category_that_is_likelier_absent_is_doubted() -> None:
    row = (0.58, 0.22, 0.19, 0.01)
    low = Thresholds(aspect=0.4, confident={"aspects": Confident(score=0.55)})
    assert any(name.startswith("aspects.") for name in find(low, aspects=(row,) * 15).abstained)


def test_no_intent_is_doubted_where_nothing_is_asked() -> None:
    strict = Thresholds(confident={"intent": Confident(score=0.99)})
    assert "intent" in find(strict).abstained
    assert "intent" not in find(strict, request=0.01).abstained


def test_a_weak_piece_inside_a_strong_run_does_not_break_it() -> None:
    tokens = words(TEXT, "When", "does", "sofa", "come?")
    place = locate(TEXT, tokens, [])
    assert TEXT[place.start : place.end] == "When does my sofa come?"


def test_where_no_piece_is_likely_the_sentence_of_the_likeliest_is_taken() -> None:
    tokens = words(TEXT, "sofa", sure=0.3)
    sentence = Segment(start=13, end=36)
    assert locate(TEXT, tokens, [sentence]) == sentence


def test_half_a_word_is_made_whole() -> None:
    place = locate("nicht geliefert!", [TokenScore(start=6, end=10, probability=0.9)], [])
    assert place == Segment(start=6, end=16)
