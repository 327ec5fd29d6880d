"""SQLite for the many rules; `test_postgresql.py` runs what differs on the other database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.surveys import new_database
from triage.db import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = new_database(tmp_path)
    yield database
    database.close()
