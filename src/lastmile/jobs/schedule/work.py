"""What a worker does with a slot: plan its run, carry it out, and say what became of both."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from lastmile.clock import now
from lastmile.delivery.definition import burst, owners_tables
from lastmile.errors import LastmileError, SlotTaken, StoreUnusable
from lastmile.jobs.faults import FaultFiles, faults_told
from lastmile.jobs.recipients import begun_now, check_ways
from lastmile.jobs.report import Place, place_in, report_in
from lastmile.jobs.retry import produce_with_retries
from lastmile.reporting.execution.outcome import Observer, unobserved
from lastmile.reporting.plan import Plan, Report, plan_run
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.due import Skip
from lastmile.store.held import HeldLog
from lastmile.store.slots import Slot
from lastmile.values import CauseKind, Run
from lastmile.workspace import Workspace, find_workspace

_CUT_OFF = (CauseKind.LOST, CauseKind.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a slot: `taken` means that another scheduler holds it by now."""

    outcome: Literal["ran", "refused", "taken"]
    run: Run | None = None
    fault: str = ""


OnReport = Callable[[Workspace, Report], object]


def run_slot(
    root: Path,
    slot: Slot,
    file: ScheduleFile,
    *,
    observer: Observer = unobserved,
    on_report: OnReport = lambda _workspace, _report: None,
    workers: int = 1,
    again: bool = False,
) -> Answer:
    """Run a slot that is held, and record it; `on_report` may prepare for the report's kernel.

    `workers` are those that are at work on this machine. What was run for the slot already, before
    a worker was lost, is kept, unless it is to be run `again`.

    Raises:
        RunInterrupted, KeyboardInterrupt: the run is recorded as cancelled; the slot is still held.
        StoreUnusable: the run log has been away for too long.
    """
    workspace = find_workspace(root)
    with HeldLog(workspace.store_url, slot) as log:
        try:
            with faults_told(f"the slot {slot.key}", _fault_files(root, slot)):
                plans = _plans(workspace, slot, file)
                on_report(workspace, plans[0].report)
                place = place_in(workspace, log, workers=workers)
                had = {} if again else _had(log, slot)
                ended, fault = [], ""
                for plan in plans:
                    run, said = had.get(plan.id), ""
                    if run is None:
                        run, said = _run(log, plan, place, observer)
                    ended.append(run)
                    fault = fault or said
        except SlotTaken as taken:
            return Answer("taken", fault=taken.what)
        except StoreUnusable:  # nothing is wrong with the slot: it is run again
            raise
        except LastmileError as error:
            return _refused(log, slot, error)
        run = next((run for run in ended if not run.state.good), ended[-1])
        held = log.ended(slot, run.key, now())
        return Answer("ran" if held else "taken", run, fault)


def _run(log: HeldLog, plan: Plan, place: Place, observer: Observer) -> tuple[Run, str]:
    """How a plan ended, and what went wrong beside it: the next one is run all the same.

    Raises:
        LastmileError: nothing was begun, or nothing can be recorded.
    """
    before = log.begun
    try:
        return produce_with_retries(begun_now(plan), place, observer=observer), ""
    except (SlotTaken, StoreUnusable):
        raise
    except LastmileError as error:
        if log.begun == before:
            raise
        return log.find(log.begun), error.what


def _had(log: HeldLog, slot: Slot) -> dict[str, Run]:
    """What was run for the slot already, by plan."""
    return {run.plan_id: run for run in log.runs_of(slot.key) if whole(run)}


def _fault_files(root: Path, slot: Slot) -> FaultFiles:
    return FaultFiles(root, f"slot-{slot.schedule}-{slot.scheduled_for:%Y%m%d-%H%M%S}")


def _plans(workspace: Workspace, slot: Slot, file: ScheduleFile) -> list[Plan]:
    """What is to be run: one plan, or one for each value that a `for` of its readers names."""
    report = report_in(workspace, file.report)
    readers = (*file.deliver, *report.file.deliver)
    tables = (*readers, *owners_tables(file.owners or report.file.owners))
    check_ways(workspace, tables)
    logical_date = slot.scheduled_for.astimezone(ZoneInfo(slot.timezone))
    return [
        replace(
            plan_run(report, given, as_of=logical_date, now=now()), slot=slot.key, deliver=tables
        )
        for given in burst(tables, file.parameters) or (file.parameters,)
    ]


def whole(run: Run) -> bool:
    """Whether a run came to an end of its own: it was neither lost nor interrupted."""
    return run.state.ended and not (run.cause and run.cause.kind in _CUT_OFF)


def _refused(log: HeldLog, slot: Slot, error: LastmileError) -> Answer:
    """Either a run was begun, which the run log knows the end of, or nothing could be run."""
    if log.begun:
        held = log.ended(slot, log.begun, now())
        return Answer("ran" if held else "taken", log.find(log.begun), error.what)
    log.skip(slot, Skip.REFUSED, str(error), now())
    return Answer("refused", fault=str(error))
