"""What Alembic runs around each migration: the connection comes from `lastmile.store.migrate`."""

from alembic import context

from lastmile.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
