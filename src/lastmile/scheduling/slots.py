"""The slots of a schedule between two instants, and what a change of clocks does to them.

`scheduled_for` is the instant that the rhythm names: it is the name of the slot and the logical
date of its run. `due` is when it is to be run: later or earlier where it was moved away from a
holiday, later by its jitter.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.workdays import Holidays, nearest_workday
from lastmile.scheduling.zones import comes_twice, instant, offset_at

_FURTHEST = timedelta(days=20)  # more than any row of holidays moves a slot
_HORIZON = timedelta(days=366 * 9)  # a 29 February is never further away


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A slot as the calendar sees it. `skip` is the holiday for which it is left out."""

    scheduled_for: datetime
    due: datetime
    skip: str = ""


def slots_due(name: str, file: ScheduleFile, after: datetime, until: datetime) -> list[Due]:
    """The slots of the schedule `name` that come due behind `after` and up to `until`, in order."""
    early, late = _moved(file)
    nominal = file.rhythm.between(after - late, until + early, file.zone)
    found = (_slot(name, file, at) for at in nominal if _inside(file, at))
    return sorted(
        (slot for slot in found if after < slot.due <= until),
        key=lambda s: (s.due, s.scheduled_for),
    )


def next_slots(name: str, file: ScheduleFile, after: datetime, count: int) -> list[Due]:
    """The next slots that come due behind `after`; fewer where the schedule ends."""
    return list(islice(_following(name, file, after), count))


def _following(name: str, file: ScheduleFile, after: datetime) -> Iterator[Due]:
    step, last = timedelta(hours=3), after + _HORIZON
    if file.begins and file.begins > after:
        after = file.begins - timedelta(seconds=1) - _moved(file)[0]
        last = after + _HORIZON
    if file.ends:
        last = min(last, file.ends + _moved(file)[1])
    while after < last:
        found = slots_due(name, file, after, after + step)
        yield from found
        after += step
        step = step * 2 if not found else step


def _moved(file: ScheduleFile) -> tuple[timedelta, timedelta]:
    """How far a slot may be due before and after its own instant."""
    jitter = timedelta(seconds=file.jitter)
    match file.holidays.on if file.holidays else "skip":
        case "next workday":
            return timedelta(), _FURTHEST + jitter
        case "previous workday":
            return _FURTHEST, jitter
    return timedelta(), jitter


def _inside(file: ScheduleFile, at: datetime) -> bool:
    begins, ends = file.begins, file.ends
    return (begins is None or at >= begins) and (ends is None or at < ends)


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


def remark(slot: Due, zone: ZoneInfo, *, before: datetime | None = None) -> str:
    """What a change of clocks does to a slot; `before` is the instant of the slot before it."""
    at = slot.scheduled_for
    just_before = offset_at(at - timedelta(seconds=1), zone)
    change = offset_at(at, zone) - just_before
    if change > timedelta():
        wall = at.astimezone(zone)
        return (
            f"clocks go forward at this moment, {wall - change:%H:%M} to {wall:%H:%M}: "
            "a time between the two is run now"
        )
    if comes_twice(at, zone):
        which = "second" if at.astimezone(zone).fold else "first"
        return f"clocks go back and show {at.astimezone(zone):%H:%M} twice: this is the {which}"
    if before is None:
        return ""
    change = offset_at(at, zone) - offset_at(before, zone)
    if not change:
        return ""
    way = "forward" if change > timedelta() else "back"
    return f"clocks went {way} {_shown(abs(change))} since the slot before"


def _shown(change: timedelta) -> str:
    minutes = int(change.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
