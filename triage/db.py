"""The database engine and the unit of work: nothing else in the service commits.

SQLite is the embedded default and PostgreSQL the one for several replicas. SQLite
lets one connection write at a time, and a connection that finds it busy sleeps
before it looks again; writers of one process therefore queue on a lock of ours,
which wakes the next at once.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from triage.errors import Unavailable

_READ_ONLY = "triage_read_only"
_BUSY_TIMEOUT_MS = 10_000


class Database:
    """One engine with its units of work. Thread-safe."""

    # 32 connections at most: three replicas stay under PostgreSQL's usual hundred. A
    # thread holds one for a moment and never waits for a second, so fewer than threads do.
    def __init__(self, url: str, *, pool_size: int = 16, max_overflow: int = 16) -> None:
        self.engine = _engine(url, pool_size, max_overflow)
        self._reader = self.engine.execution_options(**{_READ_ONLY: True})
        self._write_lock: AbstractContextManager[object] = (
            threading.Lock() if self.is_sqlite else nullcontext()
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Run a transaction: committed at the end, or rolled back on any error.

        Raises `Unavailable` where the database cannot be reached or stays busy.
        """
        with self._write_lock, _translated(), Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Read one consistent state; on SQLite without waiting for writers."""
        with _translated(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, TimeoutError) as error:
        raise Unavailable("the database is busy or cannot be reached; send the same request again") from error


def _engine(url: str, pool_size: int, max_overflow: int) -> Engine:
    parsed = make_url(url)
    engine = create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_pre_ping=parsed.get_backend_name() != "sqlite",
        # An error message must not carry a customer's words into the logs.
        hide_parameters=True,
    )
    if engine.dialect.name == "sqlite":
        if parsed.database:
            # Customers' words and addresses are in it: a folder that we make is its owner's alone.
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: object, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling starts writes too late; `_begin_sqlite` takes over.
    connection.isolation_level = None  # type: ignore[attr-defined]
    for pragma in (
        "journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_TIMEOUT_MS}", "foreign_keys=ON",
    ):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE takes the write lock at the start: a transaction that reads first and
    # writes later would otherwise fail halfway when another one has written between.
    read_only = connection.get_execution_options().get(_READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
