"""The schedulers of a store: who is at work, who is gone, and what the gone ones held.

A scheduler of this space is gone when its process is, one of an earlier boot of this machine at
once. One elsewhere is gone when its heartbeat is older than `LEASE` by the database's own clock, so
that a wrong clock of one host takes nothing from the others.
"""

import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from sqlalchemy import Connection, delete, insert, select, text, update

from lastmile.clock import now
from lastmile.store.alerts import AlertLog
from lastmile.store.claims import Terms, claim, take
from lastmile.store.engine import exclusively, insert_missing
from lastmile.store.hosts import alive, over, space
from lastmile.store.log import lost_values
from lastmile.store.slots import Slot, held
from lastmile.store.tables import runs, schedulers, slots
from lastmile.values import Cause, SlotKey, SlotState, State

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """A scheduler as the others see it; `age` is that of its heartbeat."""

    id: str
    host: str
    pid: int
    jobs: int
    state: str
    started: datetime
    age: timedelta
    here: bool
    gone: bool


class SchedulerLog(AlertLog):
    """The run log as a scheduler sees it."""

    def __init__(self, url: str, *, jobs: int = 1) -> None:
        """Open the log at `url` for a scheduler of so many runs at a time."""
        super().__init__(url)
        self.id = secrets.token_hex(6)
        self._jobs = jobs

    def beat(self, state: str = "working") -> None:
        """Say that this scheduler is alive."""
        mine = schedulers.c.id == self.id
        with self.writing() as connection:
            at = _clock(connection)
            values = update(schedulers).where(mine).values(heartbeat=at, state=state)
            if connection.execute(values).rowcount == 0:
                connection.execute(insert(schedulers).values(self._row(at, state)))

    def _row(self, at: datetime, state: str) -> dict[str, Any]:
        process = psutil.Process()
        return {
            "id": self.id,
            "host": socket.gethostname(),
            "space": space(),
            "pid": process.pid,
            "pid_started": process.create_time(),
            "jobs": self._jobs,
            "state": state,
            "started": at,
            "heartbeat": at,
        }

    def leave(self) -> None:
        """This scheduler is at work no more."""
        self.remove([self.id])

    def remove(self, ids: Sequence[str]) -> None:
        """These schedulers are at work no more."""
        with self.writing() as connection:
            connection.execute(delete(schedulers).where(schedulers.c.id.in_(ids)))

    def all(self) -> list[Scheduler]:
        """Every scheduler of the store, the oldest first."""
        here = space()
        with self.reading() as connection:
            at = _clock(connection)
            rows = connection.execute(select(schedulers).order_by(schedulers.c.started)).all()
        return [_scheduler(row, at, here) for row in rows]

    def claim(
        self, overlaps: Mapping[str, str], pools: Mapping[str, int], free: int, at: datetime
    ) -> list[Slot]:
        """Take up to `free` waiting slots of schedules in `overlaps`, and hold them."""
        terms = Terms(scheduler=self.id, overlaps=overlaps, pools=pools, free=free, at=at)
        with self.writing() as connection:
            exclusively(connection)
            return claim(connection, terms)

    def take(self, key: SlotKey, new: Slot | None, at: datetime) -> Slot | None:
        """Hold one slot, `new` or ended and to be run again; None if it cannot be."""
        with self.writing() as connection:
            exclusively(connection)
            if new:
                insert_missing(connection, slots, [asdict(new)])
            return take(connection, key, self.id, at, new=new is not None)

    def take_over(self, slot: Slot, lost: Cause, at: datetime) -> Slot | None:
        """Hold a slot from whom it is lost; None where he does not hold it any more.

        Runs of it that go on are `lost` in the same transaction: should they end, they count for
        nothing.
        """
        with self.writing() as connection:
            taken = update(slots).where(held(slot)).values(claimed_by=self.id)
            if connection.execute(taken).rowcount != 1:
                return None
            going_on = (
                (runs.c.schedule == slot.schedule)
                & (runs.c.scheduled_for == slot.scheduled_for)
                & (runs.c.state == State.RUNNING)
            )
            connection.execute(update(runs).where(going_on).values(lost_values(lost, at)))
        return replace(slot, claimed_by=self.id)

    def held(self) -> list[Slot]:
        """What this scheduler holds; `stop` says what it is to end."""
        return self._slots(select(slots).where(slots.c.claimed_by == self.id))

    def at_work(self) -> list[Slot]:
        """Every slot that is held, by whomever."""
        return self._slots(select(slots).where(slots.c.state == SlotState.RUNNING))


def _scheduler(row: Any, at: datetime, here: str) -> Scheduler:
    age, own = at - row.heartbeat, row.space == here
    return Scheduler(
        id=row.id,
        host=row.host,
        pid=row.pid,
        jobs=row.jobs,
        state=row.state,
        started=row.started,
        age=age,
        here=own,
        gone=not alive(row.pid, row.pid_started) if own else age > LEASE or over(row.space, here),
    )


def _clock(connection: Connection) -> datetime:
    """The time of the database: the same for all who use it."""
    if connection.dialect.name != "postgresql":
        return now()
    at: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return at.astimezone(UTC)
