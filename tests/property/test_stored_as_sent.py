"""Whatever text comes in, it is refused clearly or stored to the letter."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from tests.factories import NOW
from triage import wiring
from triage.labels import CATEGORIES, INTENTS, LANGUAGES, POLARITIES, SENTIMENTS
from triage.records import aspect_values, body_hash, finding_values, response_values, to_finding, to_response
from triage.settings import Settings
from triage.tables import AspectRow, FindingRow, ResponseRow
from triage.types import AspectFinding, Customer, Finding, LanguageFinding, RequestFinding, SurveyResponse

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)  # surrogates and NUL too
CHANCE = st.floats(0, 1)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with tempfile.TemporaryDirectory() as folder:
        services = wiring.build(Settings(model="stub", data_dir=Path(folder)))
        services.model.load()
        headers = {"Authorization": f"Bearer {services.keys.create('property')[1]}"}
        yield TestClient(create_app(services), headers=headers, raise_server_exceptions=False)
        services.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(comment=ANY_TEXT, external_id=ANY_TEXT, name=ANY_TEXT, attribute=ANY_TEXT)
def test_text(client: TestClient, comment: str, external_id: str, name: str, attribute: str) -> None:
    # As the escapes of JSON, which can say what UTF-8 cannot.
    body = {
        "external_id": f"x{external_id}", "comment": comment, "score": 0,
        "customer": {"name": name}, "attributes": {"a": attribute},
    }  # fmt: skip
    answer = client.post(
        "/v1/responses", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    sent = (external_id, comment, name, attribute)
    is_storable = not any(c == "\0" or "\ud800" <= c <= "\udfff" for text in sent for c in text)
    assert answer.status_code in ((200, 201, 409) if is_storable else (422,)), answer.text
    if answer.status_code == 201 and (ticket := answer.json()["ticket"]):
        stored = client.get(f"/v1/tickets/{ticket['id']}").json()["response"]
        assert (stored["external_id"], stored["comment"]) == (body["external_id"], comment)
        assert (stored["customer_name"], stored["attributes"]) == (name, {"a": attribute})


requests = st.builds(
    RequestFinding,
    intent=st.sampled_from(INTENTS), confidence=CHANCE, intent_confidence=CHANCE,
    start=st.integers(0, 100), end=st.integers(0, 100), text=st.text(),
)  # fmt: skip
aspects = st.lists(st.sampled_from(CATEGORIES), unique=True).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                AspectFinding, category=st.just(n), polarity=st.sampled_from(POLARITIES), confidence=CHANCE
            )
            for n in names
        )
    )
)
findings = st.builds(
    Finding,
    language=st.builds(LanguageFinding, code=st.sampled_from((*LANGUAGES, "und")), confidence=CHANCE),
    aspects=aspects, sentiment=st.sampled_from(SENTIMENTS), sentiment_confidence=CHANCE,
    request=st.none() | requests, urgent=st.booleans(), urgent_confidence=CHANCE,
    abstained=st.lists(st.sampled_from(["request", "intent", "aspects.price"])).map(tuple),
    model=st.text(), taxonomy=st.text(),
)  # fmt: skip


@given(findings)
def test_a_finding_survives_its_rows(finding: Finding) -> None:
    row = FindingRow(**finding_values("r", finding, NOW))
    rows = [AspectRow(**values) for values in aspect_values("r", finding)]
    assert to_finding(row, rows) == finding


optional = st.none() | st.text(max_size=20)
responses = st.builds(
    SurveyResponse,
    external_id=st.text(), comment=st.text(), question=optional, score=st.none() | st.integers(0, 10),
    survey=optional, touchpoint=optional, country=optional, locale=optional, channel=optional,
    occurred_at=st.none() | st.datetimes(timezones=st.timezones()),
    customer=st.builds(Customer, id=optional, email=optional, phone=optional, name=optional),
    attributes=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4),
)  # fmt: skip


@given(responses)
def test_a_response_survives_its_row(response: SurveyResponse) -> None:
    row = ResponseRow(**response_values("r", "client", response, now=NOW))
    assert to_response(row) == response
    assert body_hash(to_response(row)) == row.body_hash


@given(responses, responses)
def test_only_equal_bodies_have_equal_hashes(one: SurveyResponse, other: SurveyResponse) -> None:
    def content(response: SurveyResponse) -> object:
        return [getattr(response, name) for name in SurveyResponse.__slots__ if name != "external_id"]

    assert (body_hash(one) == body_hash(other)) == (content(one) == content(other))
