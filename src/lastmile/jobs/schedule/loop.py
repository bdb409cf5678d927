"""The scheduler: enter what has come due, run it, look after what was lost, sleep, again.

Any number of them may be at work on one store. Each looks at the clock and at the files once a
second, so neither a suspended machine nor a clock that was set makes it sleep too long; the
database is asked when there is a reason to.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lastmile.clock import Clock, now
from lastmile.errors import StoreUnusable
from lastmile.jobs.report import place_in, reconcile
from lastmile.jobs.schedule.contracts import check_contracts
from lastmile.jobs.schedule.crew import Crew, Ended, Hands
from lastmile.jobs.schedule.entering import enter_due
from lastmile.jobs.schedule.files import ScheduleFiles, Tell
from lastmile.jobs.schedule.recovery import recover, settle
from lastmile.scheduling.due import Skip
from lastmile.scheduling.slots import next_slots
from lastmile.store.schedulers import LEASE, SchedulerLog
from lastmile.store.slots import Slot
from lastmile.values import SlotState
from lastmile.workspace import Workspace

BEAT = timedelta(seconds=10)
"""How often a scheduler says that it is alive, looks for lost ones and for slots of others."""

_ADVANCE = timedelta(seconds=60)
_FORGOTTEN = timedelta(minutes=10)
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


@dataclass(slots=True, kw_only=True)
class Setting:
    """What a scheduler works with; clock and hands are others in tests."""

    workspace: Workspace
    jobs: int = 2
    tell: Tell = lambda _line: None
    clock: Clock = now
    hands: Hands | None = None
    monotonic: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class _Times:
    """When things were done last, by the monotonic clock, and what there is to do.

    `look` says that there may be slots to claim, `suspects` that others may be gone, `nexts` when
    the next slot of each schedule is due.
    """

    beat: float = float("-inf")
    round: float = 0.0
    steady: float = float("inf")
    advanced: float = float("-inf")
    look: bool = True
    suspects: bool = False
    nexts: dict[str, datetime] = field(default_factory=dict)


class Scheduler:
    """One scheduler of a workspace."""

    def __init__(self, setting: Setting) -> None:
        """Open the run log and read the schedules.

        Raises:
            StoreUnusable, StoreTooNew.
        """
        self.workspace = setting.workspace
        self.files = ScheduleFiles(setting.workspace, setting.tell)
        self.log = SchedulerLog(setting.workspace.store_url, jobs=setting.jobs)
        self.draining = False
        self.cancelling = False
        self.away = ""
        self.tally: Counter[tuple[str, str]] = Counter()
        self._set = setting
        self._place = place_in(setting.workspace, self.log)
        self._hands: Hands = setting.hands or Crew(setting.workspace.root)
        self._times = _Times()
        self._unsettled: list[Ended] = []
        self._pause = 0.0
        self._once = False

    def drain(self) -> None:
        """Begin nothing more; called once more, cancel what is at work as well."""
        self.cancelling = self.draining
        self.draining = True

    def silence(self) -> float:
        """Seconds since the last round began."""
        return self._set.monotonic() - self._times.round

    def run(self, *, until_idle: bool = False) -> None:
        """Keep the schedule until `drain` is called, or until nothing is left to do just now."""
        self._once = until_idle
        try:
            while not self._finished():
                self.round()
                if not self._finished():
                    self._unsettled += self._hands.wait(self._seconds_to_sleep())
        finally:
            self._leave()

    def _finished(self) -> bool:
        if self._hands.slots or self._unsettled:
            return False
        if self.draining:
            return True
        seen = self._times.beat > float("-inf")
        return self._once and seen and not (self._times.look or self._times.suspects)

    def _seconds_to_sleep(self) -> float:
        if self.away:
            return self._pause
        at = self._set.clock()
        soonest = min(self._times.nexts.values(), default=at + BEAT)
        return min(1.0, max(0.02, (soonest - at).total_seconds()))

    def round(self) -> None:
        """Do once what there is to do; nothing of it waits for a report."""
        self._times.round = self._set.monotonic()
        if self.cancelling:
            for slot in self._hands.slots:
                self._hands.stop(slot, "")
        for name in self.files.reload():
            self._times.nexts.pop(name, None)
        try:
            self._at_store()
        except StoreUnusable as error:
            if self._once:
                raise
            if not self.away:
                self._set.tell(
                    f"{error.what}\nreports at work go on; trying again until it answers"
                )
            self.away = error.what
            self._times.steady = float("inf")
            self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
        else:
            if self.away:
                self._set.tell("the run log answers again")
            self.away, self._pause = "", 0.0

    def _at_store(self) -> None:
        at = self._set.clock()
        if beat := self._beat_is_due():
            self.log.beat("draining" if self.draining else "working")
            if self._times.beat == float("-inf"):
                reconcile(self._place, tell=self._set.tell)
            self._note_beat()
        self._settle()
        if beat:
            steady = self._set.monotonic() - self._times.steady > LEASE.total_seconds()
            self._times.suspects = recover(
                self.log,
                self._place,
                judge_others=steady,
                tell=self._set.tell,
                clock=self._set.clock,
            )
            self._times.look = True
            self._stop_what_is_to_end()
            self._skip_removed(at)
        if not self.draining:
            self._enter(at)
            self._start(at)
        if beat:
            for alert in check_contracts(self.workspace, self.log, self.files.files, at):
                self._set.tell(f"late: {alert.message}")

    def _beat_is_due(self) -> bool:
        return self._set.monotonic() - self._times.beat >= BEAT.total_seconds()

    def _note_beat(self) -> None:
        """Others may be judged once our own heartbeat has been steady for the time of a lease."""
        at = self._set.monotonic()
        if at - self._times.beat > 2 * BEAT.total_seconds() or self.away:
            self._times.steady = at
        self._times.steady = min(self._times.steady, at)
        self._times.beat = at

    def _settle(self) -> None:
        """Slots whose work has ended; those without an answer lost their worker."""
        while self._unsettled:
            ended = self._unsettled[0]
            if ended.answer is None:
                reconcile(self._place, tell=self._set.tell)
                stopped = "" if self.cancelling else ended.stopped
                settle(self.log, ended.slot, here=False, stopped=stopped, clock=self._set.clock)
            self._unsettled.pop(0)
            self._times.look = True
            self._tell_end(ended)

    def _tell_end(self, ended: Ended) -> None:
        if ended.answer is None:
            outcome, what = "lost", ended.stopped or "its worker is gone; it is run again"
        elif run := ended.answer.run:
            outcome = run.state.value
            what = f"{run.state.value} {run.key}{f': {run.cause}' if run.cause else ''}"
        else:
            outcome, what = ended.answer.outcome, ended.answer.fault
        self.tally[ended.slot.schedule, outcome] += 1
        self._set.tell(f"{ended.slot.key}: {what}")

    def _stop_what_is_to_end(self) -> None:
        for slot in self.log.held():
            at_work = next((s for s in self._hands.slots if s.key == slot.key), None)
            if slot.stop and at_work:
                self._hands.stop(at_work, slot.stop)

    def _skip_removed(self, at: datetime) -> None:
        known = self.files.files.keys() | self.files.unread
        left = [
            slot
            for slot in self.log.slots_of(state=SlotState.WAITING, limit=1000)
            if slot.schedule not in known
        ]
        followed = self.log.cursors(list({slot.schedule for slot in left}), at) if left else {}
        for slot in left:
            # A host that has the file already, or still, goes on following it.
            if at - followed[slot.schedule].entered_until > _FORGOTTEN:
                self.log.drop(slot, Skip.REMOVED, "its schedule is gone", at)

    def _enter(self, at: datetime) -> None:
        nexts = self._times.nexts
        names = [name for name in self.files.files if nexts.get(name, at) <= at]
        if self._set.monotonic() - self._times.advanced > _ADVANCE.total_seconds():
            names = list(self.files.files)
        if not names:
            return
        entered = enter_due(self.log, self.files.files, names, at)
        if entered is None:
            return
        if len(names) == len(self.files.files):
            self._times.advanced = self._set.monotonic()
        self._times.look = self._times.look or bool(entered)
        for slot in entered:
            if slot.state is SlotState.SKIPPED:
                self._set.tell(f"{slot.key}: skipped, {slot.reason}: {slot.message}")
        for name in names:
            coming = next_slots(name, self.files.files[name], at, 1)
            nexts[name] = coming[0].due if coming else datetime.max.replace(tzinfo=at.tzinfo)

    def _start(self, at: datetime) -> None:
        free = self._set.jobs - len(self._hands.slots) - len(self._unsettled)
        if free <= 0 or not self._times.look:
            return
        overlaps = {name: file.overlap for name, file in self.files.files.items()}
        claimed = self.log.claim(overlaps, self.workspace.settings.pools, free, at)
        self._times.look = len(claimed) == free
        for slot in claimed:
            self._begin(slot)

    def _begin(self, slot: Slot) -> None:
        again = f", attempt {slot.attempt}" if slot.attempt > 1 else ""
        self._set.tell(f"{slot.key}: report {slot.report} begins{again}")
        self._hands.start(slot, self.files.files[slot.schedule])

    def _leave(self) -> None:
        self._hands.close()
        try:
            for ended in self._unsettled:
                self.log.give_back(ended.slot)
            self.log.leave()
        except StoreUnusable:
            pass  # whoever comes next finds that this process is gone
        self.log.close()
