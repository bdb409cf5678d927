"""The slots that come next, as people are shown them."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lastmile.jobs.schedule.files import read_schedule
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import Due, next_slots, remark
from lastmile.workspace import Workspace, names_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A slot that comes. `skipped` says why it will not be run, as the file stands now."""

    schedule: str
    due: datetime
    logical_date: datetime
    zone: ZoneInfo
    skipped: str
    remarks: Sequence[str]


def coming(workspace: Workspace, name: str | None, after: datetime, count: int) -> list[Coming]:
    """The next slots behind `after` of one schedule or of all, in the order in which they are due.

    Raises:
        UnknownName, BadDefinition, Faults.
    """
    names = [name] if name else names_in(workspace.schedule)
    each = [_of(one, read_schedule(workspace, one), after, count) for one in names]
    return list(heapq.merge(*each, key=lambda slot: slot.due))[:count]


def _of(name: str, file: ScheduleFile, after: datetime, count: int) -> list[Coming]:
    found, before = [], None
    for slot in next_slots(name, file, after, count):
        found.append(_coming(name, file, slot, before))
        before = slot.scheduled_for
    return found


def _coming(name: str, file: ScheduleFile, slot: Due, before: datetime | None) -> Coming:
    skipped = f"holiday: {slot.skip}" if slot.skip else ""
    if not skipped and file.paused:
        skipped = f"paused: {file.paused}"
    moved = slot.due - slot.scheduled_for
    holiday = abs(moved) > timedelta(days=1) or (file.holidays and moved < timedelta())
    notes = [
        f"not run, {skipped}" if skipped else "",
        "moved to a workday" if holiday else "",
        remark(slot, file, before=before),
    ]
    return Coming(
        schedule=name,
        due=slot.due,
        logical_date=slot.scheduled_for,
        zone=file.zone,
        skipped=skipped,
        remarks=[note for note in notes if note],
    )
