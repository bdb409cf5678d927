"""The database: SQLite on one host, PostgreSQL for several.

Both keep the same promise: inside of `exclusively` no other process writes what it guards.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text

from lastmile.errors import MissingPart

_BUSY_SECONDS = 30
_CONNECT_SECONDS = 10
_LOCK = 0x6C6173746D696C65
"""The number of our lock in PostgreSQL: `lastmile` in ASCII."""


def open_engine(url: str) -> Engine:
    """The engine for a store's address.

    Raises:
        MissingPart: the driver of PostgreSQL is not installed.
        SQLAlchemyError, OSError: the address is no good.
    """
    if url.startswith("sqlite:///"):
        return _sqlite(url)
    if not url.startswith("postgresql"):
        return create_engine(url)
    try:
        # A connection may have died with its server: it is asked before it is used.
        return create_engine(
            url, pool_pre_ping=True, connect_args={"connect_timeout": _CONNECT_SECONDS}
        )
    except ModuleNotFoundError as error:
        raise MissingPart("psycopg", extra="postgres") from error


def _sqlite(url: str) -> Engine:
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        # WAL: readers do not wait for the writer.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        # The driver must not begin transactions by itself: it leaves table changes out of them.
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its lock at once: one that asks for it half-way may be refused.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def exclusively(connection: Connection) -> None:
    """Let no other process do the same until this transaction ends.

    A writer of SQLite is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those that are there already stay as they are."""
    if not rows:
        return
    statement: Any
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        statement = postgresql.insert(table).on_conflict_do_nothing()
    else:
        from sqlalchemy.dialects import sqlite

        statement = sqlite.insert(table).on_conflict_do_nothing()
    connection.execute(statement, rows)
