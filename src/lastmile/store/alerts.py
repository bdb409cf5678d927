"""Alerts: reports that should exist and do not, each raised once and resolved when it does."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update

from lastmile.store.engine import exclusively, insert_missing
from lastmile.store.outbox import queue
from lastmile.store.slots import SlotLog
from lastmile.store.tables import alerts, runs
from lastmile.values import Delivery, SlotKey, State

LATE = "late"
"""The kind of an alert for a contract that was broken."""

_EXISTS = (State.SUCCEEDED, State.DEGRADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert; `resolved` is when the report came after all."""

    slot: SlotKey
    kind: str
    message: str
    raised: datetime
    resolved: datetime | None = None


class AlertLog(SlotLog):
    """The run log with its alerts."""

    def exists(self, key: SlotKey) -> bool:
        """Whether the report of a slot exists: a run that was published and is no failure."""
        return any(run.state in _EXISTS for run in self.runs_of(key))

    def raise_alerts(
        self, found: Sequence[Alert], notices: Callable[[Alert], Iterable[Delivery]]
    ) -> list[Alert]:
        """Record alerts; those that nobody has raised before, and their `notices` are queued."""
        new = []
        with self.writing() as connection:
            exclusively(connection)
            for alert in found:
                named = (
                    (alerts.c.schedule == alert.slot.schedule)
                    & (alerts.c.scheduled_for == alert.slot.scheduled_for)
                    & (alerts.c.kind == alert.kind)
                )
                if connection.execute(select(alerts.c.raised).where(named)).first() is None:
                    insert_missing(connection, alerts, [_row(alert)])
                    queue(connection, notices(alert))
                    new.append(alert)
        return new

    def resolve(self, at: datetime) -> None:
        """Resolve open alerts whose report exists by now."""
        made = exists().where(
            runs.c.schedule == alerts.c.schedule,
            runs.c.scheduled_for == alerts.c.scheduled_for,
            runs.c.state.in_(_EXISTS),
        )
        with self.writing() as connection:
            connection.execute(
                update(alerts).where(alerts.c.resolved.is_(None), made).values(resolved=at)
            )

    def open_alerts(self) -> list[Alert]:
        """Alerts whose report still does not exist, the newest first."""
        query = select(alerts).where(alerts.c.resolved.is_(None)).order_by(alerts.c.raised.desc())
        with self.reading() as connection:
            return [_alert(row) for row in connection.execute(query)]


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "schedule": alert.slot.schedule,
        "scheduled_for": alert.slot.scheduled_for,
        "kind": alert.kind,
        "message": alert.message.replace("\0", ""),
        "raised": alert.raised,
        "resolved": alert.resolved,
    }


def _alert(row: Any) -> Alert:
    return Alert(
        slot=SlotKey(row.schedule, row.scheduled_for),
        kind=row.kind,
        message=row.message,
        raised=row.raised,
        resolved=row.resolved,
    )
