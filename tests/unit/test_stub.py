import math

from models.stub import StubPredictor
from tests.factories import ASKING, PRAISE, response
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, SENTIMENTS
from triage.pipeline import analyse


def test_every_distribution_is_one() -> None:
    for prediction in StubPredictor().predict([ASKING, PRAISE, "", "👍"]):
        assert len(prediction.aspects) == len(CATEGORIES)
        assert len(prediction.language) == len(LANGUAGES) + 1
        assert len(prediction.sentiment) == len(SENTIMENTS)
        assert len(prediction.intent) == len(INTENTS)
        rows = [*prediction.aspects, prediction.sentiment, prediction.intent, prediction.language]
        assert all(math.isclose(sum(row), 1.0) for row in rows)


def test_the_pipeline_finds_what_the_stub_knows() -> None:
    asking, praise = analyse([response(), response(comment=PRAISE)], StubPredictor())
    assert asking.request
    assert (asking.request.intent, asking.request.text) == ("order_status", "When do you deliver it?")
    assert {(a.category, a.polarity) for a in asking.aspects} == {
        ("product", "negative"),
        ("delivery", "negative"),
    }
    assert praise.request is None
    assert praise.sentiment == "positive"
