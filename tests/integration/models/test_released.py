"""The released model as it is served: true to the trained one, and to itself."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from models import bundle as bundles
from models.predictor import BatchingPredictor, load_predictor
from tests.texts import TEXTS
from training.dataset import load_corpus
from training.served import agreement
from triage.pipeline import analyse
from triage.settings import DEFAULT_MODEL, Settings
from triage.types import Prediction, SurveyResponse

pytestmark = pytest.mark.slow

EVERY = 90
"""One corpus comment of so many: about 750, a minute in both backends on two cores."""
SAME: Final = 0.99
"""Share of comments with the same answer; fifteen categories with their polarity count as one answer."""
SENTENCES = [text for texts in TEXTS.values() for text in texts]


@pytest.fixture(scope="module")
def predictor() -> BatchingPredictor:
    return load_predictor(model=DEFAULT_MODEL, cache_dir=Settings().cache_dir)


def test_served_answers_are_the_trained_models() -> None:
    found = agreement(bundles.find(DEFAULT_MODEL), load_corpus(Path("fixtures/corpus"))[::EVERY])
    for head, agreed in found.items():
        assert agreed.percentile <= 0.03, (head, agreed)
        assert agreed.same is None or agreed.same >= SAME, (head, agreed)


def numbers(prediction: Prediction) -> list[float]:
    return [
        prediction.request,
        prediction.urgent,
        *prediction.sentiment,
        *prediction.intent,
        *prediction.language,
    ]


def test_an_answer_does_not_depend_on_who_shares_the_batch(predictor: BatchingPredictor) -> None:
    alone = [predictor.predict([text])[0] for text in SENTENCES[:12]]
    together = predictor.predict(SENTENCES)
    for one, other in zip(alone, together, strict=False):
        assert numbers(one) == pytest.approx(numbers(other), abs=2e-3)


def test_concurrent_callers_get_their_own_answers(predictor: BatchingPredictor) -> None:
    expected = predictor.predict(SENTENCES)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda text: predictor.predict([text])[0], SENTENCES))
    for one, other in zip(found, expected, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), abs=2e-3)


def test_a_request_at_the_end_of_a_very_long_comment_is_found(predictor: BatchingPredictor) -> None:
    story = "The lamp shade is a lovely shade of green and the shop was tidy and bright. " * 80
    asking = "I am still waiting for my refund for order 48213, please call me."
    finding = analyse([SurveyResponse(external_id="1", comment=story + asking)], predictor)[0]
    assert finding.request is not None
    assert finding.request.start >= len(story) - 80
    assert "refund" in finding.request.text


@pytest.mark.parametrize("language", TEXTS)
def test_plain_sentences_keep_their_language(predictor: BatchingPredictor, language: str) -> None:
    responses = [
        SurveyResponse(external_id=text, comment=text) for text in TEXTS[language] if len(text.split()) >= 4
    ]
    assert {finding.language.code for finding in analyse(responses, predictor)} == {language}


def test_plain_questions_about_ones_order_are_requests_in_every_language(
    predictor: BatchingPredictor,
) -> None:
    questions = [SurveyResponse(external_id=code, comment=texts[0]) for code, texts in TEXTS.items()]
    missed = [
        response.external_id
        for response, finding in zip(questions, analyse(questions, predictor), strict=True)
        if finding.request is None or finding.request.intent != "order_status"
    ]
    assert not missed


def test_a_damaged_runtime_file_is_built_again(tmp_path: Path) -> None:
    """As a full disk or a copy that was cut short leaves it."""
    load_predictor(model=DEFAULT_MODEL, cache_dir=tmp_path)
    (graph,) = tmp_path.glob("*/int8.onnx")
    whole = graph.stat().st_size
    graph.write_bytes(graph.read_bytes()[:100_000])
    (prediction,) = load_predictor(model=DEFAULT_MODEL, cache_dir=tmp_path).predict(["Where is my sofa?"])
    assert prediction.request > 0.5
    assert graph.stat().st_size == whole
    assert sorted(path.name for path in graph.parent.iterdir()) == ["int8.onnx", "tokenizer.json"]
