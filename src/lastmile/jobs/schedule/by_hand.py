"""Run a slot because somebody asks for it."""

from datetime import UTC, datetime

from lastmile.clock import Clock, now
from lastmile.errors import SlotTaken, SlotUnknown
from lastmile.jobs.report import place_in, reconcile
from lastmile.jobs.schedule.files import Tell, read_schedule
from lastmile.jobs.schedule.recovery import settle
from lastmile.jobs.schedule.work import Answer, run_slot
from lastmile.reporting.execution.outcome import Observer, unobserved
from lastmile.store.schedulers import SchedulerLog
from lastmile.store.slots import Slot
from lastmile.values import SlotKey, SlotState
from lastmile.workspace import Workspace


def run_by_hand(
    workspace: Workspace,
    name: str,
    at: datetime | None = None,
    observer: Observer = unobserved,
    tell: Tell = lambda _line: None,
    clock: Clock = now,
) -> tuple[Slot, Answer]:
    """Run a new slot of this instant, or the slot of the instant `at` again, in this process.

    Raises:
        UnknownName, BadDefinition, Faults: the schedule is not right.
        SlotUnknown: there is no such slot, or it waits or is at work.
        RunInterrupted: on Ctrl-C; the run is recorded as cancelled, and so ends the slot.
    """
    file = read_schedule(workspace, name)
    moment = (at or clock()).astimezone(UTC).replace(microsecond=0)
    key = SlotKey(name, moment)
    with SchedulerLog(workspace.store_url) as log:
        reconcile(place_in(workspace, log), tell=tell)
        log.beat()
        new = Slot(
            schedule=name,
            scheduled_for=moment,
            due=moment,
            timezone=file.timezone,
            report=file.report,
            pool=file.pool,
            entered=moment,
        )
        slot = log.take(key, new if at is None else None, clock())
        if slot is None:
            raise _why_not(log, key)
        try:
            return slot, run_slot(workspace.root, slot, file, observer=observer, again=True)
        except KeyboardInterrupt:
            settle(log, slot, here=False, stopped="interrupted by hand", clock=clock)
            raise
        finally:
            log.leave()


def _why_not(log: SchedulerLog, key: SlotKey) -> Exception:
    slot = log.slot(key)
    if slot is None:
        return SlotUnknown(str(key), reason="it is not in the run log")
    if slot.state is SlotState.WAITING:
        return SlotUnknown(str(key), reason="it waits, and is run by a scheduler")
    return SlotTaken(str(key))
