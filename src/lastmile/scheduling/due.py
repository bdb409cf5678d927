"""Which of the slots that have come due are run, and why the others are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import Due


class Skip(StrEnum):
    """Why a slot has no run. The words stand in the run log."""

    HOLIDAY = "holiday"
    PAUSED = "paused"
    MISSED = "missed"
    OVERLAP = "overlap"
    REMOVED = "removed"
    REFUSED = "refused"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A slot that has come due; where it is not to be run, the reason as a word and a sentence."""

    slot: Due
    skip: Skip | None = None
    message: str = ""


def judge(file: ScheduleFile, slots: Sequence[Due], now: datetime) -> list[Verdict]:
    """What becomes of slots that have come due since the last look, in their order.

    A slot that is later than `grace` was missed: nobody looked when it was due. `missed` says how
    many of those are run after all, the newest first.
    """
    skipped = [_excepted(file, slot) for slot in slots]
    open_ = [slot for slot, verdict in zip(slots, skipped, strict=True) if verdict is None]
    grace = timedelta(seconds=file.grace)
    late = [slot for slot in open_ if now - slot.due > grace]
    most = file.most_missed
    if file.missed == "latest" and len(open_) > len(late):
        most = 0  # a slot that is on time stands for those before it
    kept = late if most is None else late[len(late) - min(most, len(late)) :]
    lost = {slot.scheduled_for for slot in late} - {slot.scheduled_for for slot in kept}
    return [
        verdict
        or (
            Verdict(slot=slot, skip=Skip.MISSED, message=_missed(file, slot, open_[-1], now))
            if slot.scheduled_for in lost
            else Verdict(slot=slot)
        )
        for slot, verdict in zip(slots, skipped, strict=True)
    ]


def _excepted(file: ScheduleFile, slot: Due) -> Verdict | None:
    if slot.skip:
        return Verdict(slot=slot, skip=Skip.HOLIDAY, message=slot.skip)
    if file.paused:
        return Verdict(slot=slot, skip=Skip.PAUSED, message=file.paused)
    return None


def _missed(file: ScheduleFile, slot: Due, newest: Due, now: datetime) -> str:
    late = f"no scheduler was at work when it was due, nor for {_long(now - slot.due)} after"
    if file.missed == "skip":
        return f'{late}; missed = "skip"'
    if file.missed == "latest":
        return f"{late}; the slot of {newest.scheduled_for:%Y-%m-%d %H:%M} UTC stands for it"
    return f"{late}; missed = {file.missed!r}"


def _long(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    for size, unit in ((1440, "days"), (60, "hours")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}"
    return f"{minutes} minutes"
