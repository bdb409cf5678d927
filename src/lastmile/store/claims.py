"""Which waiting slots a scheduler takes: the longest due first, within overlaps and pools."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from lastmile.store.slots import Slot, named, slot_of
from lastmile.store.tables import slots
from lastmile.values import SlotKey, SlotState

OVERLAP = "overlap"
"""The reason of a slot that was skipped because another of its schedule was at work."""
PARALLEL = "parallel"

_WINDOW = 50  # rows read at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who claims, how much, and how overlaps are treated of each schedule that is followed."""

    scheduler: str
    overlaps: Mapping[str, str]
    pools: Mapping[str, int] = field(default_factory=dict)
    free: int
    at: datetime


def claim(connection: Connection, terms: Terms) -> list[Slot]:
    """Take slots, in a transaction that no other process shares; they are held from now on."""
    busy, used = _at_work(connection)
    alone = {name for name in busy if terms.overlaps.get(name, PARALLEL) != PARALLEL}
    _treat_overlaps(connection, terms, alone)
    taken: list[Slot] = []
    for slot in _waiting(connection, terms.at):
        if len(taken) == terms.free:
            break
        overlap = terms.overlaps.get(slot.schedule)
        full = used.get(slot.pool, 0) >= terms.pools.get(slot.pool, sys.maxsize)
        if overlap is None or slot.schedule in alone or full:
            continue
        if overlap != PARALLEL:
            alone.add(slot.schedule)
        used[slot.pool] = used.get(slot.pool, 0) + 1
        taken.append(_take(connection, slot, terms.scheduler, terms.at))
    return taken


def _at_work(connection: Connection) -> tuple[set[str], dict[str, int]]:
    """The schedules with a slot at work, and how many slots of each pool are."""
    rows = connection.execute(
        select(slots.c.schedule, slots.c.pool, func.count())
        .where(slots.c.state == SlotState.RUNNING)
        .group_by(slots.c.schedule, slots.c.pool)
    ).all()
    used: dict[str, int] = {}
    for _name, pool, count in rows:
        used[pool] = used.get(pool, 0) + count
    return {row[0] for row in rows}, used


def _waiting(connection: Connection, at: datetime) -> Iterator[Slot]:
    """The slots that wait, page by page, so that none behind many others is out of sight."""
    order = (slots.c.due, slots.c.schedule, slots.c.scheduled_for)
    query = select(slots).where(slots.c.state == SlotState.WAITING, slots.c.due <= at)
    page = query.order_by(*order).limit(_WINDOW)
    while True:
        found = [slot_of(row) for row in connection.execute(page)]
        yield from found
        if len(found) < _WINDOW:
            return
        last = found[-1]
        behind = or_(
            slots.c.due > last.due,
            and_(slots.c.due == last.due, slots.c.schedule > last.schedule),
            and_(
                slots.c.due == last.due,
                slots.c.schedule == last.schedule,
                slots.c.scheduled_for > last.scheduled_for,
            ),
        )
        page = query.where(slots.c.due >= last.due, behind).order_by(*order).limit(_WINDOW)


def _take(connection: Connection, slot: Slot, scheduler: str, at: datetime) -> Slot:
    values: dict[str, Any] = {
        "state": SlotState.RUNNING,
        "claimed_by": scheduler,
        "claimed": at,
        "attempt": slot.attempt + 1,
        "reason": None,
        "message": None,
        "stop": None,
        "ended": None,
    }
    connection.execute(update(slots).where(named(slot.key)).values(values))
    return replace(slot, **values)


def take(
    connection: Connection, key: SlotKey, scheduler: str, at: datetime, *, new: bool
) -> Slot | None:
    """Take one slot that is new, or that has ended; None where it waits, is at work or is none."""
    row = connection.execute(select(slots).where(named(key))).first()
    wanted = (SlotState.WAITING,) if new else (SlotState.RAN, SlotState.SKIPPED)
    if row is None or row.state not in wanted:
        return None
    return _take(connection, slot_of(row), scheduler, at)


def _treat_overlaps(connection: Connection, terms: Terms, alone: set[str]) -> None:
    """Slots that are due while another of their schedule is at work, where they may not wait."""
    for name in sorted(alone):
        match terms.overlaps[name]:
            case "skip":
                message = "the slot before it was still at work"
                _skip(connection, name, terms.at, message, keep_newest=False)
            case "cancel-old":
                message = "a newer slot took its place"
                waits = _skip(connection, name, terms.at, message, keep_newest=True)
                if waits:
                    _ask_to_stop(connection, name, waits)


def _skip(
    connection: Connection, name: str, at: datetime, message: str, *, keep_newest: bool
) -> datetime | None:
    """Skip the waiting slots of a schedule, all or all but the newest, which is returned."""
    waiting = and_(slots.c.schedule == name, slots.c.state == SlotState.WAITING, slots.c.due <= at)
    newest = None
    if keep_newest:
        newest = connection.execute(select(func.max(slots.c.scheduled_for)).where(waiting)).scalar()
        waiting = and_(waiting, slots.c.scheduled_for < newest) if newest else waiting
    values = {
        "state": SlotState.SKIPPED, "reason": OVERLAP, "message": message, "ended": at,
    }  # fmt: skip
    connection.execute(update(slots).where(waiting).values(values))
    return newest


def _ask_to_stop(connection: Connection, name: str, newer: datetime) -> None:
    at_work = and_(
        slots.c.schedule == name,
        slots.c.state == SlotState.RUNNING,
        slots.c.scheduled_for < newer,
        slots.c.stop.is_(None),
    )
    why = f"cancelled: the slot of {newer:%Y-%m-%d %H:%M} UTC took its place"
    connection.execute(update(slots).where(at_work).values(stop=why))
