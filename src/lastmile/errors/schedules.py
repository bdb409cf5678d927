"""What can be wrong with schedules and their slots."""

from lastmile.errors.shape import LastmileError


class SlotTaken(LastmileError):
    """A slot is held by another scheduler: this one was believed to be gone."""

    code = "slot-taken"
    exit_code = 1

    def __init__(self, slot: str) -> None:
        super().__init__(
            f"the slot {slot} was taken over by another scheduler",
            why="no slot is run twice; this process was not heard of for longer than its lease",
            fix="nothing needs to be done; look at `lastmile schedule status`",
        )


class SlotUnknown(LastmileError):
    """A slot was named that its schedule has not, or that has not come due."""

    code = "slot-unknown"

    def __init__(self, slot: str, *, reason: str) -> None:
        super().__init__(
            f"the slot {slot} cannot be run again: {reason}",
            fix="`lastmile schedule status NAME` lists the slots that were due",
        )


class CannotListen(LastmileError):
    """The address for monitors cannot be listened at."""

    code = "cannot-listen"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"cannot listen at {address}: {reason}",
            fix="name a free one, such as --listen 127.0.0.1:9464",
        )
