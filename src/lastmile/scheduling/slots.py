"""The slots of a schedule between two instants, and what a change of clocks does to them.

`scheduled_for` is the instant that the rhythm names: it is the name of the slot and the logical
date of its run. `due` is when it is to be run: later or earlier where it was moved away from a
holiday, later by its jitter.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.workdays import Holidays, nearest_workday
from lastmile.scheduling.zones import comes_twice, instant, later, offset_at
from lastmile.values import show_clock

_FURTHEST = timedelta(days=20)  # more than any row of holidays moves a slot
_HORIZON = timedelta(days=146097)  # 400 years: whatever is due at all is due in them


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A slot as the calendar sees it. `skip` is the holiday for which it is left out."""

    scheduled_for: datetime
    due: datetime
    skip: str = ""


def slots_due(name: str, file: ScheduleFile, after: datetime, until: datetime) -> list[Due]:
    """The slots of the schedule `name` that come due behind `after` and up to `until`, in order."""
    return list(takewhile(lambda slot: slot.due <= until, _following(name, file, after, until)))


def next_slots(name: str, file: ScheduleFile, after: datetime, count: int) -> list[Due]:
    """The next slots that come due behind `after`; fewer where the schedule ends."""
    last = later(max(after, file.begins or after), _HORIZON)
    return list(islice(_following(name, file, after, last), count))


def _following(name: str, file: ScheduleFile, after: datetime, last: datetime) -> Iterator[Due]:
    """In the order in which they are due, no more computed than is asked for; up to `last`.

    Holidays and jitter change the order: a slot is passed on when none behind it can be due before.
    """
    early, late = _moved(file)
    first = later(after, -late)
    if file.begins:
        first = max(first, file.begins - timedelta(seconds=1))
    waiting: list[tuple[datetime, datetime, Due]] = []
    for at in file.rhythm.between(first, later(last, early), file.zone):
        if file.ends and at >= file.ends:
            break
        while waiting and waiting[0][0] < at - early:
            yield heappop(waiting)[-1]
        slot = _slot(name, file, at)
        if slot.due > after:
            heappush(waiting, (slot.due, at, slot))
    yield from (heappop(waiting)[-1] for _ in range(len(waiting)))


def _moved(file: ScheduleFile) -> tuple[timedelta, timedelta]:
    """How far a slot may be due before and after its own instant."""
    jitter = timedelta(seconds=file.jitter)
    match file.holidays.on if file.holidays else "skip":
        case "next workday":
            return timedelta(), _FURTHEST + jitter
        case "previous workday":
            return _FURTHEST, jitter
    return timedelta(), jitter


def _slot(name: str, file: ScheduleFile, at: datetime) -> Due:
    later = timedelta(seconds=_jitter(name, at, file.jitter))
    holiday = file.holidays.name(at.astimezone(file.zone).date()) if file.holidays else ""
    if not holiday or file.holidays is None:
        return Due(scheduled_for=at, due=at + later)
    if file.holidays.on == "skip":
        return Due(scheduled_for=at, due=at + later, skip=holiday)
    return Due(scheduled_for=at, due=_workday(at, file.holidays, file.zone) + later)


def _workday(at: datetime, holidays: Holidays, zone: ZoneInfo) -> datetime:
    wall = at.astimezone(zone)
    step = 1 if holidays.on == "next workday" else -1
    day = nearest_workday(wall.date(), holidays, step=step)
    return instant(day, wall.time(), zone)


def _jitter(name: str, at: datetime, most: float) -> int:
    """Whole seconds below `most`, always the same for a slot."""
    if most < 1:
        return 0
    digest = hashlib.sha256(f"{name} {at.astimezone(UTC).isoformat()}".encode()).digest()
    return int.from_bytes(digest[:8]) % int(most)


def remark(slot: Due, file: ScheduleFile, *, before: datetime | None = None) -> str:
    """What a change of clocks does to a slot; `before` is the instant of the slot before it."""
    at, zone = slot.scheduled_for, file.zone
    wall = at.astimezone(zone).replace(tzinfo=None)
    change = offset_at(at, zone) - offset_at(at - timedelta(seconds=1), zone)
    if change > timedelta() and file.rhythm.has_fixed(wall - change, wall):
        shown = "%H:%M" if change < timedelta(days=1) else "%Y-%m-%d %H:%M"
        return (
            f"clocks go forward at this moment, {wall - change:{shown}} to {wall:{shown}}: "
            "a time between the two is run now"
        )
    if comes_twice(at, zone):
        which = "second" if at.astimezone(zone).fold else "first"
        return f"clocks go back and show {show_clock(wall)} twice: this is the {which}"
    if before is None:
        return ""
    change = offset_at(at, zone) - offset_at(before, zone)
    if not change:
        return ""
    way = "forward" if change > timedelta() else "back"
    return f"clocks went {way} {_long(abs(change))} since the slot before"


def _long(change: timedelta) -> str:
    seconds = int(change.total_seconds())
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
