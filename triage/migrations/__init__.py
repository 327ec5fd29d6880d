"""Schema migrations: `upgrade(engine)` brings a database to the present tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

_FOLDER = Path(__file__).parent


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply every migration that `engine`'s database lacks, in one transaction.

    Replicas that start together wait for each other: on SQLite by the write lock
    of the transaction, on PostgreSQL by an advisory lock taken in `env.py`.
    """
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def configuration() -> Config:
    """Return Alembic's configuration for these migrations, without a connection."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
