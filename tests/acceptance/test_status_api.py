import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.factories import body
from triage import __version__, wiring
from triage.settings import Settings
from triage.wiring import Services


def test_status_needs_no_key(services: Services) -> None:
    anyone = TestClient(create_app(services))
    assert anyone.get("/health").json() == {"status": "ok"}
    assert anyone.get("/ready").status_code == 200
    assert anyone.get("/version").json() == {"service": __version__, "model": "stub", "taxonomy": "1"}
    assert anyone.get("/docs").status_code == 200


def test_while_the_model_loads_the_service_lives_but_is_not_ready(settings: Settings) -> None:
    services = wiring.build(settings)
    key = services.keys.create("platform")[1]
    client = TestClient(create_app(services), headers={"Authorization": f"Bearer {key}"})
    assert client.get("/health").status_code == 200
    assert client.get("/version").json()["model"] is None
    for answer in (
        client.get("/ready"),
        client.post("/v1/responses", json=body()),
        client.post("/v1/classify", json={"texts": ["a"]}),
    ):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "loading" in answer.json()["detail"]
    assert services.intake.is_empty()
    services.model.load()
    assert client.get("/ready").status_code == 200
    services.close()


def test_a_model_that_cannot_be_loaded_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = Settings(model="no-such-model", data_dir=tmp_path_factory.mktemp("data"))
    services = wiring.build(settings)
    with TestClient(create_app(services)) as client:
        while not services.model.failure:
            pass
        assert "could not be loaded" in client.get("/ready").json()["detail"]


def test_the_server_loads_its_model_by_itself(settings: Settings) -> None:
    services = wiring.build(settings)
    with TestClient(create_app(services)) as client:
        while client.get("/ready").status_code != 200:
            assert not services.model.failure
        assert client.get("/version").json()["model"] == "stub"
