"""Every migration, from nothing, gives exactly the tables of `triage.tables`."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from tests.databases import postgres_database, postgres_server
from triage.db import Database
from triage.migrations import configuration, upgrade, versions
from triage.tables import metadata


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": _is_ours}
        )
        return list(compare_metadata(context, metadata))


def _is_ours(name: str | None, kind: str, parents: object) -> bool:
    """The job engine keeps tables of its own beside ours."""
    return kind != "table" or name in metadata.tables


def test_from_nothing_on_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'triage.db'}")
    upgrade(database.engine)
    assert differences(database.engine) == []
    upgrade(database.engine)  # a second start finds nothing to do
    assert set(metadata.tables) <= set(inspect(database.engine).get_table_names())
    database.close()


def test_from_nothing_on_postgresql() -> None:
    with postgres_server() as server, postgres_database(server) as url:
        database = Database(url)
        upgrade(database.engine)
        assert differences(database.engine) == []
        database.close()


def test_a_forgotten_migration_is_noticed(tmp_path: Path) -> None:
    """The comparison itself can fail: an index that no table has is found."""
    database = Database(f"sqlite:///{tmp_path / 'triage.db'}")
    upgrade(database.engine)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_ticket_queue_id")
        connection.exec_driver_sql("ALTER TABLE api_key DROP COLUMN hint")
    assert len(differences(database.engine)) == 2
    database.close()


def test_migrations_follow_each_other_in_one_line() -> None:
    script = ScriptDirectory.from_config(configuration())
    assert len(script.get_heads()) == 1
    files = [module.name for module in pkgutil.iter_modules(versions.__path__)]
    assert len(list(script.walk_revisions())) == len(files)


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(versions.__path__)])
def test_a_migration_keeps_its_meaning_when_the_tables_move_on(name: str) -> None:
    module = importlib.import_module(f"triage.migrations.versions.{name}")
    assert "triage" not in Path(str(module.__file__)).read_text(encoding="utf-8").split("def upgrade", 1)[0]
