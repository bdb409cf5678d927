"""Slots whose scheduler or worker is gone: their runs are looked at, the rest is run again."""

from lastmile.clock import Clock, now
from lastmile.jobs.report import Place, reconcile
from lastmile.jobs.schedule.files import Tell
from lastmile.scheduling.due import Skip
from lastmile.store.schedulers import SchedulerLog
from lastmile.store.slots import Slot
from lastmile.values import Cause, CauseKind, State

LOST = Cause(kind=CauseKind.LOST, message="the host that it was run on was not heard of again")

ATTEMPTS = 10
"""How often a slot is begun whose worker or scheduler is lost under it."""


def recover(
    log: SchedulerLog,
    place: Place,
    *,
    judge_others: bool,
    tell: Tell = lambda _line: None,
    clock: Clock = now,
) -> bool:
    """Settle what schedulers hold that are gone; True where more may be, to be judged later.

    Those of other hosts are only judged where `judge_others`: right after the database was away
    nobody's heartbeat is young.
    """
    held = log.at_work()  # before the schedulers: who holds a slot has made himself known before
    everyone = log.all()
    known = {other.id for other in everyone}
    gone = {
        other.id: other
        for other in everyone
        if other.gone and other.id != log.id and (other.here or judge_others)
    }
    left = [
        slot
        for slot in held
        if slot.claimed_by in gone or (judge_others and slot.claimed_by not in known)
    ]
    if left:
        reconcile(place, tell=tell)
    at_work = {
        slot.claimed_by
        for slot in left
        if not settle(
            log, slot, here=slot.claimed_by in gone and gone[slot.claimed_by].here, clock=clock
        )
    }
    log.remove([key for key in gone if key not in at_work])
    stale = {other.id for other in everyone if other.gone} - gone.keys()
    return any(slot.claimed_by in stale or slot.claimed_by not in known for slot in held)


def settle(
    log: SchedulerLog, slot: Slot, *, here: bool, stopped: str = "", clock: Clock = now
) -> bool:
    """Decide on a slot whose work ended without a word; False while a run of it still goes on.

    It waits again, and what was published for it counts, unless it was `stopped` on purpose or was
    begun too often. The runs of this host must have been reconciled.
    """
    runs = log.runs_of(slot.key)
    if any(run.state is State.RUNNING for run in runs) and here:
        return False
    taken = log.take_over(slot, LOST, clock())
    if taken is None:
        return True  # another has done it
    slot = taken
    if not stopped and slot.attempt < ATTEMPTS:
        log.give_back(slot)
    elif runs:
        log.ended(slot, runs[0].key, clock())
    else:
        reason = Skip.OVERLAP if stopped else Skip.LOST
        lost = f"it was begun {slot.attempt} times, and its worker was lost each time"
        log.skip(slot, reason, stopped or lost, clock())
    return True
