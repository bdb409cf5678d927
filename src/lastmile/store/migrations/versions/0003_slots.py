"""Slots of schedules, the schedulers that fill them, and contracts that were not kept."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Earlier runs were of no slot."""
    op.add_column("runs", sa.Column("schedule", sa.String(200)))
    op.add_column("runs", sa.Column("scheduled_for", sa.DateTime))
    op.drop_index("runs_by_report", "runs")
    op.create_index("runs_by_report", "runs", ["report", "started", "key"])
    op.create_index("runs_by_start", "runs", ["started", "key"])
    op.create_index("runs_by_slot", "runs", ["schedule", "scheduled_for"])
    op.create_table(
        "schedules",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("entered_until", sa.DateTime, nullable=False),
        sa.Column("checked_until", sa.DateTime, nullable=False),
    )
    _create_schedulers()
    _create_slots()
    _create_alerts()


def _create_schedulers() -> None:
    op.create_table(
        "schedulers",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("space", sa.String(80), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("pid_started", sa.Float, nullable=False),
        sa.Column("jobs", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("started", sa.DateTime, nullable=False),
        sa.Column("heartbeat", sa.DateTime, nullable=False),
    )
    op.create_index("schedulers_by_heartbeat", "schedulers", ["heartbeat"])


def _create_slots() -> None:
    op.create_table(
        "slots",
        sa.Column("schedule", sa.String(200), primary_key=True),
        sa.Column("scheduled_for", sa.DateTime, primary_key=True),
        sa.Column("due", sa.DateTime, nullable=False),
        sa.Column("timezone", sa.String(60), nullable=False),
        sa.Column("report", sa.String(200), nullable=False),
        sa.Column("pool", sa.String(60), nullable=False, server_default=""),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(20)),
        sa.Column("message", sa.String),
        sa.Column("run", sa.String(40)),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claimed_by", sa.String(40)),
        sa.Column("claimed", sa.DateTime),
        sa.Column("stop", sa.String),
        sa.Column("entered", sa.DateTime, nullable=False),
        sa.Column("ended", sa.DateTime),
    )
    op.create_index("slots_by_state", "slots", ["state", "due"])
    op.create_index("slots_by_scheduler", "slots", ["claimed_by"])
    op.create_index("slots_by_end", "slots", ["ended"])


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("schedule", sa.String(200), primary_key=True),
        sa.Column("scheduled_for", sa.DateTime, primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("raised", sa.DateTime, nullable=False),
        sa.Column("resolved", sa.DateTime),
    )
    op.create_index("alerts_by_resolved", "alerts", ["resolved", "raised"])
