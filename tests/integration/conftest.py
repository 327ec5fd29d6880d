"""Databases of both kinds, empty but for their tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import postgres_database, postgres_server
from triage.db import Database
from triage.migrations import upgrade


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        yield from _migrated(f"sqlite:///{tmp_path / 'triage.db'}")
    else:
        with postgres_database(request.getfixturevalue("server")) as url:
            yield from _migrated(url)


def _migrated(url: str) -> Iterator[Database]:
    database = Database(url)
    upgrade(database.engine)
    yield database
    database.close()
