"""What ran, runs, was skipped and why, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lastmile.jobs.schedule.files import ScheduleFiles
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import Due, next_slots
from lastmile.store.alerts import Alert
from lastmile.store.schedulers import Scheduler, SchedulerLog
from lastmile.store.slots import Slot
from lastmile.values import Run
from lastmile.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStatus:
    """One schedule: its newest slots with the run of each, how many wait, and the next one."""

    name: str
    file: ScheduleFile | None
    slots: Sequence[tuple[Slot, Run | None]]
    at_work: Sequence[Slot]
    waiting: int
    coming: Due | None

    @property
    def last(self) -> tuple[Slot, Run | None] | None:
        """The newest slot."""
        return self.slots[0] if self.slots else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All schedules of a workspace, those who keep them, and what is late."""

    at: datetime
    schedulers: Sequence[Scheduler]
    schedules: Sequence[ScheduleStatus]
    alerts: Sequence[Alert]
    faults: Sequence[str]

    @property
    def kept(self) -> bool:
        """Whether a scheduler is at work."""
        return any(not scheduler.gone for scheduler in self.schedulers)


def status(
    workspace: Workspace, log: SchedulerLog, at: datetime, *, name: str = "", count: int = 1
) -> Status:
    """The present state, with the `count` newest slots of each schedule, or of the one named.

    Raises:
        UnknownName: there is no such schedule.
    """
    faults: list[str] = []
    files = ScheduleFiles(workspace, faults.append)
    files.reload()
    names = sorted(files.files.keys() | files.unread)
    if name:
        workspace.definition("schedule", name)
        names = [name]
    newest = log.with_runs([slot for one in names for slot in log.slots_of(one, limit=count)])
    at_work = log.at_work()
    waiting = log.waiting()
    return Status(
        at=at,
        schedulers=log.all(),
        schedules=[
            ScheduleStatus(
                name=one,
                file=files.files.get(one),
                slots=[(slot, run) for slot, run in newest if slot.schedule == one],
                at_work=[slot for slot in at_work if slot.schedule == one],
                waiting=waiting.get(one, 0),
                coming=_next(one, files.files.get(one), at),
            )
            for one in names
        ],
        alerts=[alert for alert in log.open_alerts() if name in ("", alert.slot.schedule)],
        faults=[fault for fault in faults if not name or fault.startswith(f"{name}:")],
    )


def _next(name: str, file: ScheduleFile | None, at: datetime) -> Due | None:
    coming = next_slots(name, file, at, 1) if file else []
    return coming[0] if coming else None
