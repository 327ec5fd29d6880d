import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from models.bundle import Bundle, Calibration
from models.ngrams import BITS, COLUMNS, NGrams, rows
from models.predictor import BatchingPredictor, interpret, merge, operating_point
from models.text import LEAD, Window
from tests.unit.models.tiny import TinyEngine, tokenizer
from triage.types import Confident, Prediction, Thresholds


def predictor(engine: TinyEngine, **facts: object) -> BatchingPredictor:
    return BatchingPredictor(engine, tokenizer(), Bundle(name="tiny", **facts), Thresholds())  # type: ignore[arg-type]


def asks(prediction: Prediction) -> bool:
    return prediction.request > 0.5


def test_answers_come_in_the_order_of_the_texts_however_batches_are_sorted() -> None:
    texts = [("cold " * n + ("hot" if n % 3 == 0 else "")).strip() for n in range(100, 0, -1)]
    assert [asks(p) for p in predictor(TinyEngine()).predict(texts)] == ["hot" in text for text in texts]


@pytest.mark.parametrize("reads", [True, False])
def test_the_question_is_shown_to_a_model_that_was_trained_with_questions_only(reads: bool) -> None:
    engine = TinyEngine()
    predictor(engine, questions=reads).predict(["cold"], ["hot or cold"])
    assert engine.batches[0].input_ids.shape[1] == (3 + 5 if reads else 3)


def test_many_callers_share_the_engine_and_each_gets_its_own_answers() -> None:
    shared = predictor(TinyEngine())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: shared.predict(["hot" if n % 2 else "cold"]), range(200)))
    assert [asks(one[0]) for one in found] == [bool(n % 2) for n in range(200)]


def test_a_failing_engine_fails_the_callers_and_not_the_thread() -> None:
    broken = predictor(TinyEngine(failing=True))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="out of order"):
            broken.predict(["hot"])


def test_no_texts_give_no_predictions() -> None:
    assert predictor(TinyEngine()).predict([]) == []


def test_a_request_late_in_a_long_text_is_found_with_its_place() -> None:
    text = "cold " * 400 + "hot"
    (found,) = predictor(TinyEngine()).predict([text])
    assert asks(found)
    best = max(found.tokens, key=lambda token: token.probability)
    assert text[best.start : best.end] == "hot"


def test_calibration_divides_and_shifts_logits() -> None:
    window = Window(text=0, ids=[0] * (LEAD + 2), spans=[(0, 1)])
    logits = {head: values[0] for head, values in TinyEngine().run(_batch()).items()}
    logits["sentiment"] = np.array([2.0, 0.0, 0.0, 0.0], dtype=np.float32)
    cool = Calibration(temperatures={"sentiment": 2.0}, logistic={"request": (0.5, 1.0)})
    found = interpret(logits, window, cool)
    assert found.sentiment[0] == pytest.approx(math.e / (math.e + 3))
    assert found.request == pytest.approx(1 / (1 + math.exp(1.0)))  # logit -4 becomes 0.5 * -4 + 1
    assert found.urgent == pytest.approx(1 / (1 + math.exp(4.0)))
    assert all(sum(row) == pytest.approx(1.0) for row in found.aspects)


def test_a_bias_makes_categories_likelier_to_be_absent() -> None:
    window = Window(text=0, ids=[0] * (LEAD + 2), spans=[(0, 1)])
    logits = {head: values[0] for head, values in TinyEngine().run(_batch()).items()}
    plain, doubting = (
        interpret(logits, window, Calibration(biases={"aspects": (bias, 0.0, 0.0, 0.0)}))
        for bias in (0.0, 1.0)
    )
    for before, after in zip(plain.aspects, doubting.aspects, strict=True):
        assert after[0] / after[1] == pytest.approx(math.e * before[0] / before[1])


def _batch():  # type: ignore[no-untyped-def]
    from models.text import TextEncoder, pad

    return pad(TextEncoder(tokenizer()).windows(["cold"]), 1)


def test_windows_merge_by_what_any_of_them_is_surest_of() -> None:
    quiet, loud = predictor(TinyEngine()).predict(["cold", "hot"])
    merged = merge([quiet, loud])
    assert (merged.request, merged.urgent, merged.tokens) == (loud.request, loud.urgent, loud.tokens)
    assert merged.sentiment == pytest.approx(quiet.sentiment)
    assert merge([quiet]) is quiet


def test_the_operating_point_is_the_nearest_stricter_one() -> None:
    points = {target: {"request": Confident(score=float(target))} for target in ("0.8", "0.9", "0.98")}
    bundle = Bundle(
        name="tiny", abstention=points, thresholds=Thresholds(request=0.3, confident=points["0.8"])
    )
    assert operating_point(bundle, 0.85).confident["request"].score == 0.9
    assert operating_point(bundle, 0.9).confident["request"].score == 0.9
    assert operating_point(bundle, 0.85).request == 0.3
    assert operating_point(bundle, 0.999).confident == points["0.98"], "never less careful than asked"


def test_letters_change_what_is_said_of_the_language_and_nothing_else() -> None:
    weights = np.zeros((2**BITS, COLUMNS), dtype=np.float32)
    weights[rows("hot"), 3] = 1.0
    lettered = BatchingPredictor(
        TinyEngine(), tokenizer(), Bundle(name="tiny"), Thresholds(), NGrams.rounded(weights)
    )
    (plain,), (found,) = predictor(TinyEngine()).predict(["hot"]), lettered.predict(["hot"])
    assert plain.language == pytest.approx([1 / COLUMNS] * COLUMNS)
    assert found.language.index(max(found.language)) == 3
    assert sum(found.language) == pytest.approx(1.0)
    assert replace(found, language=plain.language) == plain
