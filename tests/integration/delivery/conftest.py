from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import postgres_database, postgres_server
from tests.integration.delivery.world import World, world


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'triage.db'}"
    else:
        with postgres_database(request.getfixturevalue("server")) as url:
            yield url


@pytest.fixture
def around(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A service that has not begun to deliver, and the systems around it."""
    with world(database_url, tmp_path) as it:
        yield it


@pytest.fixture
def running(around: World) -> World:
    around.start()
    return around
