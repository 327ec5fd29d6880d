"""Whatever comes in: it is refused with a clear problem, or stored exactly as it came."""

import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from tests.factories import body
from triage.tables import ResponseRow
from triage.types import SurveyResponse
from triage.wiring import Services

JSON = {"Content-Type": "application/json"}


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:feedback-triage:problem:")
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(
    "raw",
    [b"{", b"", b"nonsense", b"{'a': 1}", b'{"external_id": "x"', b"\xff\xfe\x00", b'{"a": "\x00"}',
     b"[" * 100_000, b'{"external_id": "x", "comment": "\n"}'],
)  # fmt: skip
def test_broken_json(client: TestClient, services: Services, raw: bytes) -> None:
    answer = client.post("/v1/responses", content=raw, headers=JSON)
    assert_problem(answer, 422 if raw == b"" else 400)
    assert services.intake.is_empty()


@pytest.mark.parametrize("raw", [b"[]", b"3", b"null", b'"text"', b"true"])
def test_json_that_is_no_object(client: TestClient, raw: bytes) -> None:
    assert_problem(client.post("/v1/responses", content=raw, headers=JSON), 422)


def test_json_sent_as_something_else(client: TestClient) -> None:
    answer = client.post("/v1/responses", content=json.dumps(body()), headers={"Content-Type": "text/plain"})
    assert "Content-Type: application/json" in assert_problem(answer, 422)["detail"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"external_id": None}, "external_id"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": 7}, "external_id"),
        ({"external_id": "x" * 201}, "200 characters"),
        ({"comment": 7}, "comment: must be a valid string"),
        ({"comment": None}, "comment"),
        ({"comment": ["a"]}, "comment"),
        ({"comment": "x" * 10_001}, "comment: may have at most 10,000 characters"),
        ({"comment": "x" * 1_000_000}, "comment: may have at most 10,000 characters"),
        ({"score": 11}, "score: must be less than or equal to 10"),
        ({"score": -1}, "score"),
        ({"score": "9"}, "score: must be a valid integer"),
        ({"score": 9.5}, "score"),
        ({"score": True}, "score"),
        ({"score": 10**400}, "score"),
        ({"country": "ZZ"}, "country: unknown country"),
        ({"country": "Italy"}, "country: unknown country"),
        ({"country": ""}, "country"),
        ({"locale": "not a locale"}, "locale"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-03-04T10:00:00"}, "timezone"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "between 1990 and 2100"),
        ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "between 1990 and 2100"),
        ({"customer": "Giulia"}, "customer: must be a JSON object"),
        ({"customer": {"email": 3}}, "email"),
        ({"customer": {"fax": "3"}}, "customer/fax: is not a field"),
        ({"attributes": {"a": None}}, "attributes/a: must be text, a number, true or false"),
        ({"attributes": {"a": {"b": 1}}}, "attributes/a"),
        ({"attributes": {"a": 10**1_500}}, "attributes/a: may have at most 1,000 characters"),
        ({"attributes": {str(n): n for n in range(51)}}, "attributes"),
        ({"attributes": {"": "x"}}, "attributes"),
        ({"comments": "misspelt"}, "comments: is not a field of this request"),
        ({"comment": "a\x00b"}, "comment: has a NUL character"),
        ({"customer": {"name": "a\x00b"}}, "customer/name: has a NUL character"),
        ({"attributes": {"a\x00": "b"}}, "NUL"),
        ({"external_id": "a\x00"}, "NUL"),
        ({"survey": "\x00"}, "NUL"),
    ],
)
def test_what_cannot_be(client: TestClient, services: Services, change: dict[str, Any], words: str) -> None:
    problem = assert_problem(client.post("/v1/responses", json=body() | change), 422)
    assert words in problem["detail"]
    assert services.intake.is_empty()


@pytest.mark.parametrize("field", ["comment", "external_id", "question", "survey", "country", "locale"])
@pytest.mark.parametrize("half", [r"\ud83d", r"\ude00 text", r"\ude00\ud83d"])
def test_lone_surrogates(client: TestClient, services: Services, field: str, half: str) -> None:
    raw = json.dumps(body(**{field: "HALF"})).replace("HALF", half)
    problem = assert_problem(client.post("/v1/responses", content=raw, headers=JSON), 422)
    assert f"{field}: has half a character" in problem["detail"]
    assert services.intake.is_empty()


def test_surrogates_in_other_places(client: TestClient) -> None:
    for raw in (
        r'{"external_id": "x", "attributes": {"\ud83d": "a"}}',
        r'{"external_id": "x", "attributes": {"a": "\ud83d"}}',
        r'{"external_id": "x", "\ud83d": 1}',
        r'{"external_id": "x", "customer": {"\ud83d": 1}}',
        r'{"responses": [], "\ud83d": 1}',
        r'{"texts": ["\ud83d"]}',
    ):
        for path in ("/v1/responses", "/v1/responses/batch", "/v1/classify"):
            assert_problem(client.post(path, content=raw, headers=JSON), 422)
    batch = r'{"responses": [{"external_id": "\ud83d"}, {"\ud83d": "x"}]}'
    outcomes = client.post("/v1/responses/batch", content=batch, headers=JSON).json()["outcomes"]
    assert [o["status"] for o in outcomes] == ["invalid", "invalid"]


STRANGE = {
    "only emoji": "👍🏽👩‍👩‍👧‍👦🇮🇹",
    "right to left": "שלום, איפה החבילה שלי? ‏مرحبا‎",
    "zero width": "zero\u200bwidth\u200d\ufeff join\u2060er",
    "bidi override": "abc\u202edef\u202c",
    "HTML": "<script>alert(1)</script><b>When</b> &amp; <img src=x onerror=alert(1)>",
    "SQL": "'; DROP TABLE response; -- when?",
    "control": "bell\x07 escape\x1b[31m delete\x7f",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "line ends": "a\r\nb\rc\u2028d\u2029e\x85",
    "beyond the basic plane": "𝔚𝔥𝔢𝔯𝔢 𝔦𝔰 𝔪𝔶 𝔰𝔬𝔣𝔞?",
    "non-characters": "\ufffe\uffff\U0010ffff",
    "spaces": " " * 10_000,
    "one long word": "x" * 10_000,
    "questions": "?" * 10_000,
    "formula": "=HYPERLINK(\"http://x\")",
    "format": "{0} %s %(a)s ${x} [red]markup[/red]",
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_strange_comments_are_stored_as_they_came(client: TestClient, services: Services, name: str) -> None:
    comment = STRANGE[name]
    answer = client.post("/v1/responses", json=body(comment=comment, external_id=name, score=0))
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "analysed"
    with services.database.read() as session:
        row = session.exec(select(ResponseRow)).one()
    assert (row.comment, row.external_id) == (comment, name)
    span = answer.json()["finding"]["request_span"]
    if span:
        assert comment[slice(*span)] == answer.json()["finding"]["request_text"]
    if answer.json()["ticket"]:
        listed = client.get("/v1/tickets").json()["items"][0]
        assert listed["response"]["comment"] == comment


def test_a_hundred_thousand_spaces(client: TestClient) -> None:
    problem = assert_problem(client.post("/v1/responses", json=body(comment=" " * 100_000)), 422)
    assert "10,000 characters" in problem["detail"]


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/responses/batch", "/v1/classify"])
def test_too_large_a_body(client: TestClient, services: Services, path: str) -> None:
    limit = services.settings.max_body_bytes
    if path != "/v1/responses":
        limit = services.settings.max_batch_bytes
    declared = client.post(path, content=b" " * (limit + 1), headers=JSON)
    assert f"{limit:,} bytes" in assert_problem(declared, 413)["detail"]

    def chunks() -> Iterator[bytes]:
        """Without a length: only counting tells."""
        for _ in range(limit // 100_000 + 1):
            yield b" " * 100_000

    assert_problem(client.post(path, content=chunks(), headers=JSON), 413)


def test_what_does_not_exist(client: TestClient) -> None:
    assert_problem(client.get("/nothing"), 404)
    assert_problem(client.get("/v1/nothing"), 404)
    assert_problem(client.post("/v1/responses/", json=body()), 404)
    problem = assert_problem(client.delete("/v1/responses"), 405)
    assert "DELETE" in problem["detail"]
    assert_problem(client.put("/health"), 405)


def test_a_fault_of_ours_is_a_problem_too_and_tells_nothing(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_client: str, response: SurveyResponse) -> None:
        raise RuntimeError(response.comment)

    monkeypatch.setattr(services.intake, "accept", broken)
    problem = assert_problem(client.post("/v1/responses", json=body(comment="my secret words")), 500)
    assert "secret" not in json.dumps(problem)
    assert "RuntimeError" in caplog.text
    assert "secret words" not in caplog.text


def test_logs_hold_nothing_of_the_customer_and_no_key(
    services: Services, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    private = body(comment="My word is shibboleth. When do you deliver?")
    private["customer"]["email"] = "shibboleth@example.com"
    client = TestClient(create_app(services), headers={"Authorization": f"Bearer {key}"})
    for change in ({}, {}, {"score": 11}, {"score": 3}, {"external_id": "r-2\x00"}):
        client.post("/v1/responses", json=private | change)
    client.post("/v1/responses/batch", json={"responses": [private, private | {"score": 12}]})
    client.post("/v1/classify", json={"texts": ["shibboleth", 3]})
    client.get("/v1/tickets", params={"colour": "shibboleth"})
    ours = [
        record
        for record in caplog.records
        if record.name.split(".")[0] not in ("httpx", "httpcore", "httpx2")
    ]
    text = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in ours)
    assert "shibboleth" not in text
    assert key not in text


def test_noise_never_breaks_the_service(client: TestClient) -> None:
    """Random bytes, and bodies with a byte changed: an answer below 500 to each."""
    chance = random.Random(11)
    good = json.dumps(body()).encode()
    for round_ in range(300):
        raw = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        if round_ % 3 == 0:
            raw = bytearray(chance.randbytes(chance.randint(1, 200)))
        answer = client.post("/v1/responses", content=bytes(raw), headers=JSON)
        assert answer.status_code < 500, bytes(raw)
