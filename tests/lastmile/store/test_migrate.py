"""Migrations: the tables after all of them are those that the code describes."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from lastmile.store import RunLog
from lastmile.store import migrate as module
from lastmile.store.migrate import revision
from lastmile.store.tables import NEWEST, metadata


def test_the_newest_migration_is_the_one_that_the_tables_describe():
    config = Config()
    config.set_main_option(
        "script_location", str(module.Path(module.__file__).parent / "migrations")
    )

    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


def test_all_migrations_together_make_the_tables(empty_url):
    RunLog(empty_url).close()
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert differences == []


def test_a_failed_migration_leaves_neither_tables_nor_a_revision(monkeypatch, empty_url):
    def broken(connection):
        connection.execute(text("CREATE TABLE half (x INTEGER)"))
        raise RuntimeError

    monkeypatch.setattr(module, "_upgrade", broken)
    with pytest.raises(RuntimeError):
        RunLog(empty_url)
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        assert revision(connection) is None
        assert inspect(connection).get_table_names() == []
    engine.dispose()
