"""The service on a fresh database with the stub model, as most tests need it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from triage import wiring
from triage.settings import Settings
from triage.wiring import Services


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """No test depends on what the developer has set, but for the databases that tests may use."""
    import os

    for name in os.environ:
        if name.startswith("TRIAGE_") and not name.startswith("TRIAGE_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(model="stub", data_dir=tmp_path)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    services = wiring.build(settings)
    services.model.load()
    yield services
    services.close()


@pytest.fixture
def key(services: Services) -> str:
    return services.keys.create("platform")[1]


@pytest.fixture
def client(services: Services, key: str) -> TestClient:
    """Speaks to the application in this process, with a key that may do everything."""
    return TestClient(
        create_app(services),
        headers={"Authorization": f"Bearer {key}"},
        raise_server_exceptions=False,
    )
