"""Alembic's entry: migrates over the connection that `upgrade` hands in."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel.sql.sqltypes import AutoString

import triage.surveys.tables  # noqa: F401  (its tables are part of the metadata)
from triage.tables import UtcDateTime, metadata

_LOCK = 7_273_110_453_201  # any number of our own; advisory locks are named by number


def _plain_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our column types into new migrations as what the database sees.

    A migration must keep its meaning when `tables.py` moves on, so it imports none of it.
    """
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    # SQLite cannot alter a column in place: batch mode copies the table instead.
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, render_item=_plain_type
    )
    with context.begin_transaction():
        context.run_migrations()


_migrate(context.config.attributes["connection"])
