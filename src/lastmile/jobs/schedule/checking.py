"""Every fault of all schedules, found before the night in which a run would be refused."""

from datetime import datetime

from lastmile.errors import Faults, LastmileError
from lastmile.jobs.report import report_in
from lastmile.jobs.schedule.files import line_of, read_schedule
from lastmile.reporting.plan import plan_run
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import next_slots
from lastmile.workspace import Workspace, names_in


def check_schedules(workspace: Workspace, now: datetime) -> tuple[int, list[LastmileError]]:
    """How many schedules there are, and every fault of all of them.

    What a run would refuse is a fault as well: a notebook that is missing, a parameter that is
    unknown.
    """
    faults: list[LastmileError] = []
    names = names_in(workspace.schedule)
    for name in names:
        try:
            file = read_schedule(workspace, name)
            _plan(workspace, name, file, now)
        except Faults as several:
            faults += several.faults
        except LastmileError as error:
            faults.append(error)
    return len(names), faults


def _plan(workspace: Workspace, name: str, file: ScheduleFile, now: datetime) -> None:
    """Plan the run of the next slot, so that nothing is found out at night.

    Raises:
        LastmileError: a run would be refused.
    """
    coming = next_slots(name, file, now, 1)
    at = (coming[0].scheduled_for if coming else now).astimezone(file.zone)
    report = report_in(workspace, file.report)
    try:
        plan_run(report, file.parameters, as_of=at, now=now)
    except LastmileError as error:
        where = line_of(workspace, workspace.definition("schedule", name), "parameters")
        for fault in error.faults if isinstance(error, Faults) else (error,):
            fault.where = where
        raise
