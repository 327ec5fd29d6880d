"""The OpenAPI document: complete, with examples that the service itself accepts."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from triage.wiring import Services

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_promised_endpoints_are_there(document: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(document)} >= {
        ("post", "/v1/responses"),
        ("post", "/v1/responses/batch"),
        ("post", "/v1/classify"),
        ("get", "/v1/responses/{response_id}"),
        ("get", "/v1/tickets"),
        ("get", "/v1/tickets/{ticket_id}"),
        ("get", "/health"),
        ("get", "/ready"),
        ("get", "/version"),
    }


def test_every_operation_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation.get("description"), where
        failures = {status for status in operation["responses"] if status >= "400"}
        if path.startswith("/v1/"):
            assert {"401", "403"} <= failures, where
            assert operation.get("security") == [{"HTTPBearer": []}], where
        for status in failures:
            content = operation["responses"][status]["content"]
            assert [*content] == ["application/problem+json"], f"{where} {status}"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, list):
            return [found for item in node for found in references(item)]
        if not isinstance(node, dict):
            return []
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for item in node.values() for found in references(item)]

    schemas = document["components"]["schemas"]
    missing = {r for r in references(document) if r.removeprefix("#/components/schemas/") not in schemas}
    assert not missing


def test_every_field_of_a_finding_is_documented(document: dict[str, Any]) -> None:
    finding = document["components"]["schemas"]["FindingOut"]["properties"]
    assert {*finding} == {
        "lang", "aspects", "sentiment", "request", "request_text", "request_span",
        "urgent", "confidence", "abstained", "model",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "path"), [("ResponseIn", "/v1/responses"), ("ClassifyIn", "/v1/classify")]
)
def test_the_examples_are_accepted(
    client: TestClient, document: dict[str, Any], services: Services, schema: str, path: str
) -> None:
    examples = document["components"]["schemas"][schema]["examples"]
    assert examples
    for example in examples:
        assert client.post(path, json=example).status_code in (200, 201)
