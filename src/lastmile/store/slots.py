"""The slots of schedules: each a row, entered once, claimed by one scheduler at a time.

Whatever decides on several rows happens in one transaction that no other process shares
(`exclusively`). A slot is held by a scheduler and the number of its attempt; whoever has lost it
can neither begin a run for it nor end it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from lastmile.store.engine import exclusively, insert_missing
from lastmile.store.log import RunLog
from lastmile.store.tables import runs, schedules, slots
from lastmile.values import Run, SlotKey, SlotState

_MANY = 500  # names in one statement; databases limit it


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The row of a slot. `reason` and `message` say why it was skipped.

    `claimed_by` is the scheduler at work on it, `stop` why that is asked to end its run.
    """

    schedule: str
    scheduled_for: datetime
    due: datetime
    timezone: str
    report: str
    pool: str = ""
    state: SlotState = SlotState.WAITING
    reason: str | None = None
    message: str | None = None
    run: str | None = None
    attempt: int = 0
    claimed_by: str | None = None
    claimed: datetime | None = None
    stop: str | None = None
    entered: datetime
    ended: datetime | None = None

    @property
    def key(self) -> SlotKey:
        """Its name."""
        return SlotKey(self.schedule, self.scheduled_for)


@dataclass(frozen=True, slots=True)
class Cursors:
    """How far a schedule was followed: its slots are entered, its contracts are looked at."""

    entered_until: datetime
    checked_until: datetime


class SlotLog(RunLog):
    """The run log with the slots of its schedules."""

    def cursors(self, names: Sequence[str], now: datetime) -> dict[str, Cursors]:
        """How far each schedule was followed; one that is new is followed from `now` on."""
        with self.reading() as connection:
            found = _cursors(connection, names)
        if len(found) == len(names):
            return found
        with self.writing() as connection:
            exclusively(connection)
            found = _cursors(connection, names)
            new = [name for name in names if name not in found]
            rows = [{"name": n, "entered_until": now, "checked_until": now} for n in new]
            insert_missing(connection, schedules, rows)
        return found | {name: Cursors(now, now) for name in new}

    def enter(
        self, until: datetime, cursors: Mapping[str, Cursors], entries: Iterable[Slot]
    ) -> bool:
        """Enter slots that have come due, and note that the schedules are followed `until` then.

        It is refused where another process has gone on from one of the `cursors`: look again.
        """
        with self.writing() as connection:
            exclusively(connection)
            have = _cursors(connection, list(cursors))
            if any(have.get(n) and have[n].entered_until != c.entered_until
                   for n, c in cursors.items()):  # fmt: skip
                return False
            insert_missing(connection, slots, [asdict(entry) for entry in entries])
            _set_cursor(connection, schedules.c.entered_until, list(cursors), until)
        return True

    def go_back(self, names: Sequence[str], now: datetime) -> None:
        """The clock was wrong and has been set back: forget what has not come due yet."""
        ahead = (slots.c.due > now) & slots.c.state.in_((SlotState.WAITING, SlotState.SKIPPED))
        with self.writing() as connection:
            exclusively(connection)
            for some in _parts(names):
                connection.execute(delete(slots).where(ahead & slots.c.schedule.in_(some)))
            _set_cursor(connection, schedules.c.entered_until, names, now)
            _set_cursor(connection, schedules.c.checked_until, names, now)

    def checked(self, names: Sequence[str], until: datetime) -> None:
        """Note that the contracts of these schedules have been looked at `until` then."""
        with self.writing() as connection:
            exclusively(connection)
            _set_cursor(connection, schedules.c.checked_until, names, until)

    def ended(self, slot: Slot, run: str, at: datetime) -> bool:
        """The slot has its run. False where it is held by somebody else by now."""
        values = {"state": SlotState.RAN, "run": run, "ended": at, "stop": None}
        return self._settle(slot, values | {"claimed_by": None})

    def skip(self, slot: Slot, reason: str, message: str, at: datetime) -> bool:
        """The slot has no run, for a reason. False where it is held by somebody else by now."""
        values = {"state": SlotState.SKIPPED, "reason": reason, "ended": at, "stop": None}
        plain = message.replace("\0", "")
        return self._settle(slot, values | {"claimed_by": None, "message": plain})

    def give_back(self, slot: Slot) -> bool:
        """The slot waits again. False where it is held by somebody else by now."""
        return self._settle(slot, {"state": SlotState.WAITING, "claimed_by": None, "stop": None})

    def _settle(self, slot: Slot, values: Mapping[str, Any]) -> bool:
        with self.writing() as connection:
            return connection.execute(update(slots).where(held(slot)).values(values)).rowcount == 1

    def drop(self, slot: Slot, reason: str, message: str, at: datetime) -> None:
        """Skip a slot that waits, for a reason."""
        values = {"state": SlotState.SKIPPED, "reason": reason, "message": message, "ended": at}
        waits = named(slot.key) & (slots.c.state == SlotState.WAITING)
        with self.writing() as connection:
            connection.execute(update(slots).where(waits).values(values))

    def slots_of(
        self, schedule: str | None = None, *, state: SlotState | None = None, limit: int = 20
    ) -> list[Slot]:
        """The newest slots first, of one schedule or of all."""
        query = select(slots).order_by(slots.c.scheduled_for.desc(), slots.c.schedule).limit(limit)
        if schedule is not None:
            query = query.where(slots.c.schedule == schedule)
        if state is not None:
            query = query.where(slots.c.state == state)
            query = query.order_by(None).order_by(slots.c.due.desc(), slots.c.schedule)
        return self._slots(query)

    def waiting(self) -> dict[str, int]:
        """How many slots of each schedule wait."""
        query = (
            select(slots.c.schedule, func.count())
            .where(slots.c.state == SlotState.WAITING)
            .group_by(slots.c.schedule)
        )
        with self.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def with_runs(self, found: Sequence[Slot]) -> list[tuple[Slot, Run | None]]:
        """Slots with the newest run of each."""
        keys = [slot.run for slot in found if slot.run]
        known = {
            run.key: run
            for some in _parts(keys)
            for run in self._runs(select(runs).where(runs.c.key.in_(some)))
        }
        return [(slot, known.get(slot.run or "")) for slot in found]

    def slot(self, key: SlotKey) -> Slot | None:
        """The slot with that name."""
        found = self._slots(select(slots).where(named(key)))
        return found[0] if found else None

    def runs_of(self, key: SlotKey) -> list[Run]:
        """All runs that were begun for a slot, the newest first."""
        own = (runs.c.schedule == key.schedule) & (runs.c.scheduled_for == key.scheduled_for)
        return self._runs(select(runs).where(own).order_by(runs.c.started.desc()))

    def _slots(self, query: Any) -> list[Slot]:
        with self.reading() as connection:
            return [slot_of(row) for row in connection.execute(query)]


def slot_of(row: Row[Any]) -> Slot:
    """A slot from its row."""
    values = {field.name: getattr(row, field.name) for field in fields(Slot)}
    return Slot(**(values | {"state": SlotState(row.state)}))


def named(key: SlotKey) -> Any:
    """That a row is of that slot."""
    return (slots.c.schedule == key.schedule) & (slots.c.scheduled_for == key.scheduled_for)


def held(slot: Slot) -> Any:
    """That the slot is still held as it was when it was claimed."""
    return (
        named(slot.key)
        & (slots.c.state == SlotState.RUNNING)
        & (slots.c.claimed_by == slot.claimed_by)
        & (slots.c.attempt == slot.attempt)
    )


def _cursors(connection: Connection, names: Sequence[str]) -> dict[str, Cursors]:
    return {
        row.name: Cursors(row.entered_until, row.checked_until)
        for some in _parts(names)
        for row in connection.execute(select(schedules).where(schedules.c.name.in_(some)))
    }


def _set_cursor(connection: Connection, column: Any, names: Sequence[str], to: datetime) -> None:
    for some in _parts(names):
        connection.execute(
            update(schedules).where(schedules.c.name.in_(some)).values({column.name: to})
        )


def _parts(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[at : at + _MANY] for at in range(0, len(names), _MANY))
