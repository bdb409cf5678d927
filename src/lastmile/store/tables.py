"""The tables of the run log, as the newest migration leaves them."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

NEWEST = "0006"
"""The revision that `metadata` describes; a test compares it with the migrations."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite has no time zones, so it is stored without one."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: naive, in UTC."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, in UTC."""
        return value.replace(tzinfo=UTC) if value else None


metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("report", String(200), nullable=False),
    Column("state", String(12), nullable=False),
    Column("cause_kind", String(20)),
    Column("cause_message", String),
    Column("cause_cell", Integer),
    Column("parameters", JSON, nullable=False),
    Column("given", JSON, nullable=False),
    Column("started", Instant, nullable=False),
    Column("ended", Instant),
    Column("seconds", Float),
    Column("cells", Integer, nullable=False, default=0),
    Column("peak_memory", BigInteger),
    Column("folder", String),
    Column("files", JSON, nullable=False),
    Column("plan_id", String(64), nullable=False),
    Column("logical_date", Instant),
    Column("attempt", Integer, nullable=False),
    Column("recorded", JSON, nullable=False),
    Column("redacted", Integer, nullable=False, server_default="0"),
    Column("schedule", String(200)),
    Column("scheduled_for", Instant),
    Column("deliver", JSON(none_as_null=True)),  # to whom its end is to be told
    Column("host", String(255), nullable=False),
    Column("space", String(80), nullable=False, server_default=""),  # where `pid` means something
    Column("pid", Integer, nullable=False),
    Column("pid_started", Float, nullable=False),
    Index("runs_by_report", "report", "started", "key"),
    Index(
        "runs_with_files",
        "report",
        "state",
        "key",
        sqlite_where=text("folder IS NOT NULL"),
        postgresql_where=text("folder IS NOT NULL"),
    ),
    Index("runs_by_start", "started", "key"),
    Index("runs_by_slot", "schedule", "scheduled_for"),
    Index("runs_by_state", "state"),
    Index("runs_by_plan", "plan_id", "state"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("entered_until", Instant, nullable=False),  # every slot due before has a row
    Column("checked_until", Instant, nullable=False),  # every contract before has been looked at
)
"""How far each schedule has been followed. What it says stands in its file alone."""

schedulers = Table(
    "schedulers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("space", String(80), nullable=False),  # where process numbers mean the same
    Column("pid", Integer, nullable=False),
    Column("pid_started", Float, nullable=False),
    Column("jobs", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("started", Instant, nullable=False),
    Column("heartbeat", Instant, nullable=False),
    Index("schedulers_by_heartbeat", "heartbeat"),
)
"""The processes that follow the schedules of this store; those that are gone are removed."""

slots = Table(
    "slots",
    metadata,
    # These two are the slot: inserting them is the claim that nobody else can make.
    Column("schedule", String(200), primary_key=True),
    Column("scheduled_for", Instant, primary_key=True),
    Column("due", Instant, nullable=False),  # after holidays and jitter
    Column("timezone", String(60), nullable=False),  # of the logical date, which is scheduled_for
    Column("report", String(200), nullable=False),
    Column("pool", String(60), nullable=False, server_default=""),
    Column("state", String(12), nullable=False),
    Column("reason", String(20)),  # why it was skipped, as a stable word
    Column("message", String),  # and as a sentence
    Column("run", String(40)),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("claimed_by", String(40)),  # a scheduler; None where nobody is at work
    Column("claimed", Instant),
    Column("stop", String),  # why the one at work is asked to end
    Column("entered", Instant, nullable=False),
    Column("ended", Instant),
    Index("slots_by_state", "state", "due"),
    Index("slots_by_scheduler", "claimed_by"),
    Index("slots_by_end", "ended"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("schedule", String(200), primary_key=True),
    Column("scheduled_for", Instant, primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("message", String, nullable=False),
    Column("raised", Instant, nullable=False),
    Column("resolved", Instant),
    Index("alerts_by_resolved", "resolved", "raised"),
)
"""Reports that should exist and did not: one row for each contract of a slot that was not kept."""

outbox = Table(
    "outbox",
    metadata,
    Column("key", String(32), primary_key=True),  # of the run and the recipient: queued once
    Column("run", String(40), nullable=False),
    Column("report", String(200), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("address", String, nullable=False),  # as it may be shown
    Column("order", JSON, nullable=False),
    Column("state", String(12), nullable=False),
    Column("queued", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sent", Instant),
    Column("reason", String, nullable=False),
    Column("receipt", String, nullable=False),
    Column("claimed_by", String(80)),  # a sender; None where nobody is at work
    Column("lease", Instant),  # until when it is his
    Index("outbox_by_state", "state", "due"),
    Index("outbox_by_time", "queued", "key"),
    Index("outbox_by_run", "run"),
    Index("outbox_by_report", "report", "queued"),
)
