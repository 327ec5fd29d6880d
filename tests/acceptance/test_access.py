"""Keys: who gets in, and what for."""

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from tests.factories import body
from triage import wiring
from triage.settings import Settings
from triage.wiring import Services


@pytest.fixture
def anyone(services: Services) -> TestClient:
    return TestClient(create_app(services))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"X-API-Key": "wrong"},
        {"Authorization": "Bearer \xff\xfe"},
    ],
)
def test_without_a_valid_key_nothing_is_served(anyone: TestClient, headers: dict[str, str]) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    for method, path in (("POST", "/v1/responses"), ("GET", "/v1/tickets"), ("GET", "/v1/nothing")):
        answer = anyone.request(method, path, headers=raw, content=b"{broken")  # type: ignore[arg-type]
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


def test_both_headers_are_understood(anyone: TestClient, key: str) -> None:
    for headers in ({"Authorization": f"bearer {key}"}, {"X-API-Key": key}):
        assert anyone.get("/v1/tickets", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("responses:write", {"/v1/responses", "/v1/responses/batch"}),
        ("responses:read", {"/v1/responses/x"}),
        ("tickets:read", {"/v1/tickets", "/v1/tickets/x"}),
        ("classify", {"/v1/classify"}),
    ],
)
def test_a_key_may_do_what_its_scopes_say(
    anyone: TestClient, services: Services, scope: str, allowed: set[str]
) -> None:
    secret = services.keys.create("limited", [scope])[1]
    paths = {
        "/v1/responses": "POST", "/v1/responses/batch": "POST", "/v1/classify": "POST",
        "/v1/responses/x": "GET", "/v1/tickets": "GET", "/v1/tickets/x": "GET",
    }  # fmt: skip
    bearer = {"Authorization": f"Bearer {secret}"}
    forbidden = {
        path for path, method in paths.items()
        if anyone.request(method, path, headers=bearer, json={}).status_code == 403
    }  # fmt: skip
    assert forbidden == paths.keys() - allowed


def test_a_revoked_key_stops_working(anyone: TestClient, services: Services) -> None:
    row, secret = services.keys.create("short-lived")
    bearer = {"Authorization": f"Bearer {secret}"}
    assert anyone.get("/v1/tickets", headers=bearer).status_code == 200
    services.keys.revoke(row.id)
    assert anyone.get("/v1/tickets", headers=bearer).status_code == 401


def test_a_key_revoked_by_another_process_stops_within_two_seconds(
    anyone: TestClient, services: Services, settings: Settings
) -> None:
    row, secret = services.keys.create("short-lived")
    bearer = {"Authorization": f"Bearer {secret}"}
    assert anyone.get("/v1/tickets", headers=bearer).status_code == 200
    elsewhere = wiring.build(settings)
    elsewhere.keys.revoke(row.id)
    elsewhere.close()
    deadline = time.monotonic() + 2.5
    while anyone.get("/v1/tickets", headers=bearer).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_clients_do_not_share_external_ids(anyone: TestClient, services: Services) -> None:
    for client in ("one", "two"):
        bearer = {"Authorization": f"Bearer {services.keys.create(client)[1]}"}
        assert anyone.post("/v1/responses", headers=bearer, json=body()).status_code == 201


def test_the_first_key_is_made_once_and_kept_private(services: Services) -> None:
    secret, file = wiring.first_key(services)
    assert secret
    assert services.keys.authenticate(secret).client == "default"
    assert file.stat().st_mode & 0o777 == 0o600
    assert wiring.first_key(services)[0] == secret
    assert len(services.keys.list_keys()) == 1


def test_no_key_is_kept_as_such(services: Services, settings: Settings) -> None:
    secret = services.keys.create("platform")[1]
    services.database.close()
    stored = b"".join(file.read_bytes() for file in settings.data_dir.glob("triage.db*"))
    assert secret.encode() not in stored
    assert secret[10:].encode() not in stored


def test_a_given_first_key_is_used_and_no_other_made(tmp_path: Path) -> None:
    given = "a-key-from-the-operator-1234567890"
    settings = Settings(model="stub", data_dir=tmp_path, bootstrap_api_key=SecretStr(given))
    services = wiring.build(settings)
    for _ in range(2):
        assert wiring.first_key(services)[0] == given
    assert [row.client for row in services.keys.list_keys()] == ["default"]
    assert not (tmp_path / "api-key").exists()
    row = services.keys.list_keys()[0]
    services.keys.revoke(row.id)
    wiring.first_key(services)
    assert services.keys.list_keys()[0].revoked_at, "a restart must not revive a revoked key"
    services.close()


def test_two_replicas_may_store_the_first_key_at_once(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Neither sees the other's, as where both look before both store.
    monkeypatch.setattr(type(services.keys), "list_keys", lambda _: [])
    for _ in range(2):
        services.keys.ensure_first("a-key-from-the-operator-1234567890", tmp_path / "api-key")
    monkeypatch.undo()
    assert [row.client for row in services.keys.list_keys()] == ["default"]
