import pytest
from fastapi.testclient import TestClient

from tests.factories import ASKING, PRAISE
from triage.wiring import Services


def test_texts_are_classified_in_order_and_not_stored(client: TestClient, services: Services) -> None:
    texts = [PRAISE, {"text": ASKING, "question": "Why?", "locale": "en-GB"}, "", "👍"]
    answer = client.post("/v1/classify", json={"texts": texts})
    assert answer.status_code == 200
    findings = answer.json()["findings"]
    assert [f["request"] for f in findings] == [None, "order_status", None, None]
    assert [f["lang"] for f in findings][2:] == ["und", "und"]
    assert services.intake.is_empty()


@pytest.mark.parametrize(
    ("origin", "code"), [({"locale": "nb"}, "nb"), ({"country": "dk"}, "da"), ({"country": "NO"}, "nb")]
)
def test_where_a_post_is_from_decides_what_languages_share(
    client: TestClient, origin: dict[str, str], code: str
) -> None:
    answer = client.post("/v1/classify", json={"texts": [{"text": "ved ikke"} | origin]})
    assert answer.json()["findings"][0]["lang"] == code


@pytest.mark.parametrize(("count", "status"), [(0, 422), (1, 200), (256, 200), (257, 422)])
def test_how_many_at_once(client: TestClient, count: int, status: int) -> None:
    assert client.post("/v1/classify", json={"texts": [PRAISE] * count}).status_code == status


@pytest.mark.parametrize(
    ("texts", "pointer"),
    [
        ([3], "#/texts/0"),
        (["ok", None], "#/texts/1"),
        ([{"txt": "a"}], "#/texts/0/text"),
        ([{"text": "a", "locale": "nonsense!"}], "#/texts/0/locale"),
        ([{"text": "a", "country": "Germany"}], "#/texts/0/country"),
        (["x" * 10_001], "#/texts/0/text"),
        ("text", "#/texts"),
    ],
)
def test_bad_texts_are_pointed_at(client: TestClient, texts: object, pointer: str) -> None:
    answer = client.post("/v1/classify", json={"texts": texts})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
