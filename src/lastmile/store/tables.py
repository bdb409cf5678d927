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
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

NEWEST = "0002"
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
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", Float, nullable=False),
    Index("runs_by_report", "report", "started"),
    Index("runs_by_state", "state"),
    Index("runs_by_plan", "plan_id", "state"),
)
