"""The outbox: what is to be delivered, to whom, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Earlier runs were delivered to nobody."""
    op.add_column("runs", sa.Column("deliver", sa.JSON))
    op.create_table(
        "outbox",
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("run", sa.String(40), nullable=False),
        sa.Column("report", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("order", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("queued", sa.DateTime, nullable=False),
        sa.Column("due", sa.DateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent", sa.DateTime),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("receipt", sa.String, nullable=False),
        sa.Column("claimed_by", sa.String(80)),
        sa.Column("lease", sa.DateTime),
    )
    op.create_index("outbox_by_state", "outbox", ["state", "due"])
    op.create_index("outbox_by_time", "outbox", ["queued", "key"])
    op.create_index("outbox_by_run", "outbox", ["run"])
    op.create_index("outbox_by_report", "outbox", ["report", "queued"])
