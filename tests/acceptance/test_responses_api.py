from collections.abc import Iterator

from fastapi.testclient import TestClient

from tests.factories import ASKING, PRAISE, body
from triage.wiring import Services


def test_a_response_becomes_a_ticket(client: TestClient) -> None:
    answer = client.post("/v1/responses", json=body())
    assert answer.status_code == 201
    receipt = answer.json()
    finding, ticket = receipt["finding"], receipt["ticket"]
    assert finding["lang"] == "en"
    assert finding["aspects"] == {"product": "negative", "delivery": "negative"}
    assert finding["sentiment"] == "mixed"
    assert (finding["request"], finding["request_text"]) == ("order_status", "When do you deliver it?")
    start, end = finding["request_span"]
    assert ASKING[start:end] == finding["request_text"]
    assert finding["urgent"] is False
    assert finding["model"] == "stub"
    assert {*finding["confidence"]} == {"lang", "aspects", "sentiment", "request", "intent", "urgent"}
    assert finding["confidence"]["aspects"].keys() == finding["aspects"].keys()
    assert (ticket["queue"], ticket["priority"], ticket["status"]) == ("italy-orders", "high", "open")
    assert (ticket["system"], ticket["intended_system"]) == ("inbox", "dynamics")
    assert ticket["delivery"] == "delivered"
    assert ticket["due_at"].endswith("Z")


def test_praise_becomes_none(client: TestClient) -> None:
    receipt = client.post("/v1/responses", json=body(comment=PRAISE, score=10)).json()
    assert receipt["ticket"] is None
    assert receipt["finding"]["request"] is None
    assert receipt["finding"]["request_span"] is None


def test_a_repeat_gets_the_very_same_answer(client: TestClient) -> None:
    first = client.post("/v1/responses", json=body())
    again = client.post("/v1/responses", json=body())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content


def test_another_body_is_a_conflict(client: TestClient) -> None:
    client.post("/v1/responses", json=body())
    answer = client.post("/v1/responses", json=body(score=9))
    assert answer.status_code == 409
    assert "'r-1'" in answer.json()["detail"]


def test_only_the_external_id_is_required(client: TestClient) -> None:
    answer = client.post("/v1/responses", json={"external_id": "bare"})
    assert answer.status_code == 201
    assert answer.json()["finding"]["lang"] == "und"
    assert answer.json()["ticket"] is None


def test_a_response_can_be_read_again(client: TestClient) -> None:
    posted = client.post("/v1/responses", json=body())
    read = client.get(f"/v1/responses/{posted.json()['id']}")
    assert (read.status_code, read.content) == (200, posted.content)
    assert client.get("/v1/responses/nothing").status_code == 404


def test_a_batch_has_an_outcome_for_each(client: TestClient) -> None:
    client.post("/v1/responses", json=body(external_id="old"))
    batch = [
        body(external_id="new"),
        body(external_id="old"),
        body(external_id="old", score=0),
        body(external_id="bad", score=11, comment="x" * 10_001),
        {"comment": "no id"},
        "not an object",
    ]
    answer = client.post("/v1/responses/batch", json={"responses": batch})
    assert answer.status_code == 200
    outcomes = answer.json()["outcomes"]
    assert [(o["external_id"], o["status"]) for o in outcomes] == [
        ("new", "created"),
        ("old", "repeated"),
        ("old", "conflict"),
        ("bad", "invalid"),
        (None, "invalid"),
        (None, "invalid"),
    ]
    assert outcomes[0]["result"]["ticket"]["queue"] == "italy-orders"
    assert {e["pointer"] for e in outcomes[3]["errors"]} == {"#/score", "#/comment"}
    assert [e["pointer"] for e in outcomes[4]["errors"]] == ["#/external_id"]


def test_a_batch_may_hold_a_thousand(client: TestClient) -> None:
    batch = [body(external_id=f"h-{number}") for number in range(1000)]
    answer = client.post("/v1/responses/batch", json={"responses": batch, "historical": True})
    outcomes = answer.json()["outcomes"]
    assert len(outcomes) == 1000
    assert all(o["status"] == "created" and o["result"]["ticket"] is None for o in outcomes)
    too_many = client.post("/v1/responses/batch", json={"responses": [*batch, body()]})
    assert too_many.status_code == 422
    assert client.post("/v1/responses/batch", json={"responses": []}).status_code == 422


def test_a_batch_repeats_well(client: TestClient) -> None:
    batch = {"responses": [body(external_id=f"b-{number}") for number in range(3)]}
    first = client.post("/v1/responses/batch", json=batch).json()["outcomes"]
    again = client.post("/v1/responses/batch", json=batch).json()["outcomes"]
    assert [o["result"] for o in again] == [o["result"] for o in first]


def test_what_cannot_be_analysed_now_is_accepted_all_the_same(client: TestClient, services: Services) -> None:
    class Broken:
        name = "broken"
        thresholds = services.model.predictor().thresholds

        def predict(self, texts: object, questions: object = None) -> Iterator[object]:
            raise RuntimeError("no")

    services.model._predictor = Broken()  # type: ignore[assignment]
    answer = client.post("/v1/responses", json=body())
    assert answer.status_code == 201
    assert answer.json()["state"] == "pending_analysis"
    assert answer.json()["finding"] is None
