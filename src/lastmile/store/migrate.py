"""Bring a store to the newest revision.

Alembic, because the same history must run on SQLite and on PostgreSQL and tables will have to be
altered on both. It is imported only where there is something to migrate: a store that is up to
date costs one query.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from lastmile.errors import StoreTooNew
from lastmile.store.engine import exclusively
from lastmile.store.tables import NEWEST


def migrate(engine: Engine, *, shown: str) -> None:
    """Create or upgrade the tables; one transaction, so a failure leaves what was there.

    Raises:
        StoreTooNew: a newer lastmile has written this store.
    """
    with engine.connect() as connection:
        if revision(connection) == NEWEST:
            return
    with engine.begin() as connection:
        exclusively(connection)
        have = revision(connection)
        if have != NEWEST:
            _refuse_newer(have, shown)
            _upgrade(connection)


def revision(connection: Connection) -> str | None:
    """The revision of a store, None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _refuse_newer(have: str | None, shown: str) -> None:
    if have is not None and have > NEWEST:
        raise StoreTooNew(shown, have, NEWEST)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
