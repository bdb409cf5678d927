"""The runs of reports."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row a run, with the process that supervises it."""
    op.create_table(
        "runs",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("report", sa.String(200), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("cause_kind", sa.String(20)),
        sa.Column("cause_message", sa.String),
        sa.Column("cause_cell", sa.Integer),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("given", sa.JSON, nullable=False),
        sa.Column("started", sa.DateTime, nullable=False),
        sa.Column("ended", sa.DateTime),
        sa.Column("seconds", sa.Float),
        sa.Column("cells", sa.Integer, nullable=False),
        sa.Column("peak_memory", sa.BigInteger),
        sa.Column("folder", sa.String),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("plan_id", sa.String(64), nullable=False),
        sa.Column("logical_date", sa.DateTime),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("recorded", sa.JSON, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("pid_started", sa.Float, nullable=False),
    )
    op.create_index("runs_by_report", "runs", ["report", "started"])
    op.create_index("runs_by_state", "runs", ["state"])
    op.create_index("runs_by_plan", "runs", ["plan_id", "state"])
