"""The log as a worker sees it that is at work on a slot: it writes while the slot is its own.

A report that has been run for an hour must not be lost because the database is away when it ends.
So a worker waits for it, and records what it has to say when it is back.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from lastmile.clock import now
from lastmile.errors import SlotTaken, StoreUnusable
from lastmile.store.log import OnEnd, lost_values
from lastmile.store.slots import Slot, SlotLog, held
from lastmile.store.tables import runs, slots
from lastmile.values import Cause, CauseKind, Run, State

T = TypeVar("T")

PATIENCE = 3600.0
"""Seconds that a worker waits for a database that is away."""

_TAKEN = Cause(
    kind=CauseKind.LOST,
    message="another scheduler took the slot over while nothing was heard of this one",
)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0


class HeldLog(SlotLog):
    """The run log while a slot is held; `begun` is the key of the newest run of it."""

    begun = ""

    def __init__(
        self, url: str, slot: Slot, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Open the log at `url` for the work on `slot`.

        Raises:
            StoreUnusable: it is away for longer than `PATIENCE`.
        """
        self._slot = slot
        self._sleep = sleep
        self._patiently(lambda: super(HeldLog, self).__init__(url))

    def begin(
        self, run: Run, *, deliver: Mapping[str, Any] | None = None, replaces: str = ""
    ) -> None:
        """Record a run of the slot as running.

        Raises:
            SlotTaken: the slot is held by somebody else by now; nothing may be run.
        """
        self._patiently(lambda: self._begin_held(run, deliver, replaces))
        self.begun = run.key

    def _begin_held(self, run: Run, deliver: Mapping[str, Any] | None, replaces: str) -> None:
        try:
            with self.writing() as connection:
                values = update(slots).where(held(self._slot)).values(run=run.key)
                if connection.execute(values).rowcount != 1:
                    raise SlotTaken(str(self._slot.key))
                self._begin(connection, run, deliver, replaces)
        except IntegrityError:
            # The connection was lost behind the commit: an attempt before this one did it.
            self.find(run.key)

    def confirm(self, run: Run) -> None:
        """Whether a run may be published, as far as is known: `end` decides.

        Raises:
            SlotTaken: it is lost.
        """
        with suppress(StoreUnusable), self.writing() as connection:
            if not self._is_ours(connection, run):
                raise SlotTaken(str(self._slot.key))

    def end(self, run: Run, on_end: OnEnd | None = None) -> None:
        """Record how a run ended and queue what is to be told, where the slot is held still.

        Raises:
            SlotTaken: it is held by somebody else by now. The run is recorded as lost, whatever
                became of it, and nobody is told: he has a run of his own.
        """
        if not self._patiently(lambda: self._end_held(run, on_end)):
            raise SlotTaken(str(self._slot.key))

    def _end_held(self, run: Run, on_end: OnEnd | None) -> bool:
        with self.writing() as connection:
            if self._is_ours(connection, run):
                self._end(connection, run, on_end)
                return True
            this = runs.c.key == run.key
            row = connection.execute(select(runs.c.state, runs.c.ended).where(this)).one()
            if row.state == State.RUNNING:
                connection.execute(update(runs).where(this).values(lost_values(_TAKEN, now())))
        # The connection may have been lost behind the commit: an attempt before this one did it.
        return (row.state, row.ended) == (run.state, run.ended)

    def _is_ours(self, connection: Connection, run: Run) -> bool:
        """Whether the slot is held and its run goes on; neither changes in this transaction."""
        mine = update(slots).where(held(self._slot)).values(claimed_by=self._slot.claimed_by)
        if connection.execute(mine).rowcount != 1:
            return False
        state = select(runs.c.state).where(runs.c.key == run.key)
        return connection.execute(state).scalar() == State.RUNNING

    def ended(self, slot: Slot, run: str, at: datetime) -> bool:
        """The slot has its run. False where it is held by somebody else by now."""
        return self._patiently(lambda: super(HeldLog, self).ended(slot, run, at))

    def skip(self, slot: Slot, reason: str, message: str, at: datetime) -> bool:
        """The slot has no run, for a reason. False where it is held by somebody else by now."""
        return self._patiently(lambda: super(HeldLog, self).skip(slot, reason, message, at))

    def _patiently(self, write: Callable[[], T]) -> T:
        waited, pause = 0.0, _FIRST_PAUSE
        while True:
            try:
                return write()
            except StoreUnusable:
                if waited >= PATIENCE:
                    raise
            self._sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE)
