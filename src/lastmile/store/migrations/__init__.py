"""Alembic migrations of the run log, run by `lastmile.store.migrate`."""
