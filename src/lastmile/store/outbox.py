"""The outbox: deliveries, claimed by any number of senders under leases.

Rows are inserted in the transaction that records the end of their run, and never twice: their key
stands for the run and the recipient. A claim is a lease; a sender that is killed lets it run out,
and then another may claim. Only the holder of a lease settles a delivery.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, update

from lastmile.store.engine import insert_missing
from lastmile.store.tables import outbox
from lastmile.values import Delivery, DeliveryState

Connecting = Callable[[], AbstractContextManager[Connection]]
WAITING, SENDING = DeliveryState.WAITING, DeliveryState.SENDING


def queue(connection: Connection, deliveries: Iterable[Delivery]) -> None:
    """Put deliveries into the outbox; those that are in it already stay as they are."""
    insert_missing(connection, outbox, [asdict(delivery) for delivery in deliveries])


def supersede(connection: Connection, run: str, by: str) -> None:
    """Let the waiting deliveries of a run rest: another run takes its place."""
    connection.execute(
        update(outbox)
        .where(outbox.c.run == run, outbox.c.state == WAITING)
        .values(state=DeliveryState.SUPERSEDED, reason=f"the run was tried again as {by}")
    )


class Outbox:
    """The deliveries of a run log."""

    def __init__(self, *, writing: Connecting, reading: Connecting) -> None:
        self._writing = writing
        self._reading = reading

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Queue deliveries that belong to no end of a run, such as alerts."""
        with self._writing() as connection:
            queue(connection, deliveries)

    def claim(self, sender: str, *, now: datetime, lease: float) -> Delivery | None:
        """The delivery that has been due longest, for `lease` seconds of this sender alone."""
        with self._writing() as connection:
            row = _free(connection, now)
            if row is None:
                return None
            connection.execute(
                update(outbox)
                .where(outbox.c.key == row.key)
                .values(
                    state=SENDING,
                    claimed_by=sender,
                    lease=now + timedelta(seconds=lease),
                    attempts=row.attempts + 1,
                )
            )
            taken = connection.execute(select(outbox).where(outbox.c.key == row.key)).one()
            return _delivery(taken)

    def extend(self, key: str, sender: str, *, until: datetime) -> bool:
        """Keep a claim for longer; whether it is still held."""
        return self._change(key, sender, {"lease": until})

    def settle(self, delivery: Delivery, sender: str) -> bool:
        """Record what became of a claimed delivery; False where the claim was lost meanwhile."""
        changed = {
            name: getattr(delivery, name) for name in ("state", "due", "sent", "reason", "receipt")
        }
        return self._change(delivery.key, sender, {**changed, "claimed_by": None, "lease": None})

    def _change(self, key: str, sender: str, values: dict[str, Any]) -> bool:
        held = (outbox.c.key == key) & (outbox.c.claimed_by == sender)
        with self._writing() as connection:
            done = connection.execute(
                update(outbox).where(held, outbox.c.state == SENDING).values(**values)
            )
            return done.rowcount == 1

    def find(
        self,
        *,
        run: str | None = None,
        report: str | None = None,
        states: Sequence[DeliveryState] = (),
        limit: int = 100,
    ) -> list[Delivery]:
        """Deliveries, the newest first."""
        query = select(outbox).order_by(outbox.c.queued.desc(), outbox.c.key.desc()).limit(limit)
        if run is not None:
            query = query.where(outbox.c.run == run)
        if report is not None:
            query = query.where(outbox.c.report == report)
        if states:
            query = query.where(outbox.c.state.in_(states))
        with self._reading() as connection:
            return [_delivery(row) for row in connection.execute(query)]

    def counts(self) -> dict[DeliveryState, int]:
        """How many deliveries there are of each state."""
        query = select(outbox.c.state, func.count()).group_by(outbox.c.state)
        with self._reading() as connection:
            found = {DeliveryState(state): count for state, count in connection.execute(query)}
        return {state: found.get(state, 0) for state in DeliveryState}

    def next_due(self) -> datetime | None:
        """When a sender has something to do: the earliest due date, or end of a lease."""
        waiting = select(func.min(outbox.c.due)).where(outbox.c.state == WAITING)
        sending = select(func.min(outbox.c.lease)).where(outbox.c.state == SENDING)
        with self._reading() as connection:
            found = [connection.execute(query).scalar() for query in (waiting, sending)]
        return min((moment for moment in found if moment is not None), default=None)

    def revive(self, *, now: datetime, run: str | None = None, key: str | None = None) -> int:
        """Let dead deliveries be tried again from the beginning, and waiting ones at once.

        Returns how many there are.
        """
        chosen: list[ColumnElement[bool]] = [outbox.c.state.in_([DeliveryState.DEAD, WAITING])]
        if run is not None:
            chosen.append(outbox.c.run == run)
        if key is not None:
            chosen.append(outbox.c.key == key)
        values = {"state": WAITING, "due": now, "queued": now, "attempts": 0}
        with self._writing() as connection:
            return connection.execute(update(outbox).where(*chosen).values(**values)).rowcount


def _free(connection: Connection, now: datetime) -> Row[Any] | None:
    """A row that nobody holds: first one whose sender let its lease run out."""
    lost: Select[Any] = select(outbox).where(outbox.c.state == SENDING, outbox.c.lease < now)
    due = select(outbox).where(outbox.c.state == WAITING, outbox.c.due <= now)
    for query in (lost.order_by(outbox.c.lease), due.order_by(outbox.c.due)):
        # PostgreSQL: rows that another sender is claiming right now are passed over.
        row = connection.execute(query.limit(1).with_for_update(skip_locked=True)).first()
        if row is not None:
            return row
    return None


def _delivery(row: Row[Any]) -> Delivery:
    fields = {name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    return Delivery(**(fields | {"state": DeliveryState(row.state)}))
