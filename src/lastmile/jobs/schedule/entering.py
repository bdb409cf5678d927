"""Slots that have come due become rows: to be run, or skipped with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.due import judge
from lastmile.scheduling.slots import slots_due
from lastmile.store.slots import Slot, SlotLog
from lastmile.values import SlotState

WRONG_CLOCK = timedelta(hours=1)
"""A schedule that was followed further ahead than this was followed by a clock that was wrong."""


def enter_due(
    log: SlotLog, files: Mapping[str, ScheduleFile], names: Sequence[str], now: datetime
) -> list[Slot] | None:
    """Enter what has come due of these schedules; what was entered, in the order of `names`.

    None where another scheduler did it at the same time: look again.
    """
    cursors = log.cursors(names, now)
    ahead = [name for name, at in cursors.items() if at.entered_until > now + WRONG_CLOCK]
    if ahead:
        log.go_back(ahead, now)
        cursors = log.cursors(names, now)
    entries = [
        slot
        for name in names
        for slot in _entries(name, files[name], cursors[name].entered_until, now)
    ]
    return entries if log.enter(now, cursors, entries) else None


def _entries(name: str, file: ScheduleFile, after: datetime, now: datetime) -> Iterator[Slot]:
    for verdict in judge(file, slots_due(name, file, after, now), now):
        yield Slot(
            schedule=name,
            scheduled_for=verdict.slot.scheduled_for,
            due=verdict.slot.due,
            timezone=file.timezone,
            report=file.report,
            pool=file.pool,
            state=SlotState.SKIPPED if verdict.skip else SlotState.WAITING,
            reason=verdict.skip.value if verdict.skip else None,
            message=verdict.message or None,
            entered=now,
            ended=now if verdict.skip else None,
        )
