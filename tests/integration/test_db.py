import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from tests.factories import NOW
from triage.db import Database
from triage.errors import Unavailable
from triage.migrations import upgrade
from triage.tables import ApiKeyRow, id_at, new_id


def row(name: str) -> ApiKeyRow:
    return ApiKeyRow(client=name, scopes=[], key_hash=name, hint="", created_at=NOW)


def names(database: Database) -> list[str]:
    with database.read() as session:
        return sorted(session.exec(select(ApiKeyRow.client)))


def fail_halfway(database: Database) -> None:
    with database.write() as session:
        session.add(row("lost"))
        session.flush()
        raise ZeroDivisionError


def test_a_transaction_is_stored_whole_or_not_at_all(database: Database) -> None:
    with database.write() as session:
        session.add(row("kept"))
    with pytest.raises(ZeroDivisionError):
        fail_halfway(database)
    assert names(database) == ["kept"]


def test_reading_does_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as session:
        session.add(row("not yet"))
        session.flush()
        reader = threading.Thread(target=lambda: seen.append(names(database)))
        seen: list[list[str]] = []
        reader.start()
        reader.join(5)
        assert seen == [[]]


def test_writers_do_not_lose_each_other_s_work(database: Database) -> None:
    def write(worker: int) -> None:
        for number in range(20):
            with database.write() as session:
                session.add(row(f"{worker}-{number}"))

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(names(database)) == 160


def test_moments_come_back_in_utc(database: Database) -> None:
    with database.write() as session:
        session.add(row("a"))
    with database.read() as session:
        assert session.exec(select(ApiKeyRow.created_at)).one() == NOW


def test_errors_hold_no_values(database: Database) -> None:
    with database.write() as session:
        session.add(row("a-customers-words"))
    with pytest.raises(IntegrityError, match="api_key") as caught, database.write() as session:
        session.add(row("a-customers-words"))
    statement = str(caught.value).split("DETAIL")[0]  # PostgreSQL's own message; it never reaches our logs
    assert "a-customers-words" not in statement


def test_sqlite_is_set_to_lose_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'data' / 'triage.db'}")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    with database.read() as session:
        settings = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    database.close()


def test_a_busy_database_asks_to_try_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.db._BUSY_TIMEOUT_MS", 50)
    file = tmp_path / "triage.db"
    database = Database(f"sqlite:///{file}")
    upgrade(database.engine)
    elsewhere = sqlite3.connect(file, isolation_level=None)
    elsewhere.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="same request again"), database.write() as session:
        session.add(row("a"))
    elsewhere.execute("ROLLBACK")
    with database.write() as session:
        session.add(row("a"))
    assert names(database) == ["a"]
    elsewhere.close()
    database.close()


def test_ids_grow_with_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [i[:12] for i in ids] == sorted(i[:12] for i in ids)
    assert all(len(i) == 32 for i in ids)
    assert id_at(NOW) < id_at(NOW.replace(year=2027)) < "f"
