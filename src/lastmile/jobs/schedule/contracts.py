"""Reports that should exist and do not: the contract `must_exist_by`.

It is looked at by every scheduler and by `lastmile schedule freshness`, from the point up to which
it was looked at before, so also for the time in which no scheduler was at work.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from lastmile.definitions import read_definition
from lastmile.delivery.outbox import notices_of
from lastmile.errors import LastmileError
from lastmile.reporting.definition import ReportFile
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import Due, slots_due
from lastmile.store.alerts import LATE, Alert, AlertLog
from lastmile.values import Delivery, SlotKey, SlotState
from lastmile.workspace import Workspace


def check_contracts(
    workspace: Workspace, log: AlertLog, files: Mapping[str, ScheduleFile], now: datetime
) -> list[Alert]:
    """The contracts that were broken since the last look; the owners are told of each, once.

    Earlier ones whose report exists by now are resolved.
    """
    bound = {name: file for name, file in files.items() if file.contract and not file.paused}
    if not bound:
        return []
    cursors = log.cursors(list(bound), now)
    found = []
    for name, file in bound.items():
        after = cursors[name].checked_until
        if after < now:
            found += [
                alert
                for slot, deadline in _ended(name, file, after, now)
                if (alert := _alert(log, SlotKey(name, slot.scheduled_for), file, deadline, now))
            ]
    raised = log.raise_alerts(found, lambda alert: _notices(workspace, files, alert))
    log.checked([name for name in bound if cursors[name].checked_until < now], now)
    log.resolve(now)
    return raised


def _notices(
    workspace: Workspace, files: Mapping[str, ScheduleFile], alert: Alert
) -> list[Delivery]:
    """What tells the owners: those of the schedule, or else of its report."""
    file = files[alert.slot.schedule]
    owners = file.owners
    if not owners:
        with suppress(LastmileError):  # a report that cannot be read has no owners
            path = workspace.definition("report", file.report)
            owners = read_definition(path, ReportFile).owners
    told = {"title": f"Late: {file.report}", "message": alert.message, "facts": []}
    return notices_of(owners, f"{alert.kind} {alert.slot}", file.report, told, alert.raised)


def _ended(
    name: str, file: ScheduleFile, after: datetime, until: datetime
) -> list[tuple[Due, datetime]]:
    """The slots whose contract has run out behind `after` and up to `until`."""
    contract = file.contract
    assert contract
    longest = (contract.within or timedelta()) + timedelta(days=2)
    slots = slots_due(name, file, after - longest, until)
    deadlines = [(slot, contract.deadline(slot.due, file.zone)) for slot in slots if not slot.skip]
    return [(slot, at) for slot, at in deadlines if after < at <= until]


def _alert(
    log: AlertLog, key: SlotKey, file: ScheduleFile, deadline: datetime, now: datetime
) -> Alert | None:
    if log.exists(key):
        return None
    local = deadline.astimezone(file.zone)
    return Alert(
        slot=key,
        kind=LATE,
        message=f"{key.schedule}: the report {file.report} of "
        f"{key.scheduled_for.astimezone(file.zone):%Y-%m-%d %H:%M} should have existed by "
        f"{local:%Y-%m-%d %H:%M} ({file.timezone}) and does not: {_why(log, key)}",
        raised=now,
    )


def _why(log: AlertLog, key: SlotKey) -> str:
    slot = log.slot(key)
    if slot is None:
        return "no scheduler has been at work since it was due"
    match slot.state:
        case SlotState.WAITING:
            return "its slot still waits"
        case SlotState.RUNNING:
            return "it is still being run"
        case SlotState.SKIPPED:
            return f"its slot was skipped ({slot.reason}): {slot.message}"
    run = next(iter(log.runs_of(key)), None)
    return f"its run {run.key} {run.state.value}: {run.cause}" if run else "its run is gone"
