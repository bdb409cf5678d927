"""The small values that every part of lastmile agrees on.

Times are aware datetimes in UTC, durations are seconds, sizes are bytes. Words of an enumeration
are stable: they stand in the run log and in files, and are never display text.
"""

import math
import re
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, TypeAdapter


class State(StrEnum):
    """What became of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    DEGRADED = "degraded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def good(self) -> bool:
        """Whether a reader may take the report for what it says."""
        return self is State.SUCCEEDED

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self not in (State.QUEUED, State.RUNNING)


class CauseKind(StrEnum):
    """Why a run is not good."""

    CELL_ERROR = "cell-error"
    KERNEL_DIED = "kernel-died"
    OUT_OF_MEMORY = "out-of-memory"
    DEADLINE = "deadline"
    SILENCE = "silence"
    DEFECT = "defect"
    KERNEL_START = "kernel-start"
    INTERRUPTED = "interrupted"
    NOT_PUBLISHED = "not-published"
    PROGRAM_FAULT = "program-fault"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a run is not good: a stable kind, one sentence, and the cell where it happened."""

    kind: CauseKind
    message: str
    cell: int | None = None

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Built:
    """What a notebook's own `code` makes of `argument`, which stands in place of `{}`.

    `name` is what the type of that is called.
    """

    code: str
    argument: Any
    name: str = ""


@dataclass(frozen=True, slots=True)
class SlotKey:
    """One moment at which a schedule was due. The moment is also the logical date."""

    schedule: str
    scheduled_for: datetime

    def __str__(self) -> str:
        return f"{self.schedule} {self.scheduled_for:%Y-%m-%d} {show_clock(self.scheduled_for)} UTC"


class SlotState(StrEnum):
    """What became of a slot of a schedule."""

    WAITING = "waiting"
    RUNNING = "running"
    RAN = "ran"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One supervised execution of a plan.

    `key` names the run and its folder. `parameters` are all known values, `given` those that were
    asked for; both are plain JSON values. `seconds` is the wall time of the whole run;
    `peak_memory` is the largest resident size of the kernel and its children, in bytes. `files`
    are names inside `folder`; a run that was not published has neither. `plan_id` is the same for
    runs of one plan: same notebook, definition, parameters and logical date. `logical_date` is the
    moment that the run is about. `attempt` counts tries at one plan from 1. `recorded` are the
    values that the notebook stored by name. `redacted` counts the places where the value of a
    secret was struck out of what the notebook put out. `slot` is the slot of a schedule that it was
    run for.
    """

    key: str
    report: str
    state: State
    cause: Cause | None = None
    parameters: dict[str, Any]
    given: dict[str, Any] = field(default_factory=dict)
    started: datetime
    ended: datetime | None = None
    seconds: float | None = None
    cells: int = 0
    peak_memory: int | None = None
    folder: Path | None = None
    files: tuple[str, ...] = ()
    plan_id: str = ""
    logical_date: datetime | None = None
    attempt: int = 1
    recorded: dict[str, Any] = field(default_factory=dict)
    redacted: int = 0
    slot: SlotKey | None = None


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    SUPERSEDED = "superseded"

    @property
    def open(self) -> bool:
        """Whether something will still happen to the delivery."""
        return self in (DeliveryState.WAITING, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One publication to one recipient, in the outbox.

    `key` is the same whenever the same run is to go to the same recipient, so it is queued once.
    `address` is the recipient as it may be shown; `order` holds what a sender needs, as plain JSON
    values. `due` is when the next attempt may be made, `attempts` how many were begun. `reason` is
    why the last one did not succeed, or why there will be no other; `receipt` is what the other
    side answered.
    """

    key: str
    run: str
    report: str
    kind: str
    address: str
    order: dict[str, Any]
    state: DeliveryState = DeliveryState.WAITING
    queued: datetime
    due: datetime
    attempts: int = 0
    sent: datetime | None = None
    reason: str = ""
    receipt: str = ""


def run_key(moment: datetime) -> str:
    """A name for a run that sorts by time and that two runs of one second do not share."""
    return f"{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


_DURATION = TypeAdapter(timedelta)


def plain(value: Any) -> Any:  # noqa: PLR0911 - a table
    """A value as JSON knows it.

    Dates and durations in ISO form, paths, decimals, NaN and infinities as texts, members of an
    Enum by their value, sets as sorted lists.
    """
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return _DURATION.dump_python(value, mode="json")
        case Path() | Decimal() | UUID():
            return str(value)
        case Built():
            return plain(value.argument)
        case Enum():
            return plain(value.value)
        case float() if not math.isfinite(value):
            return str(value)
        case set() | frozenset():
            return sorted(map(plain, value), key=lambda part: (type(part).__name__, repr(part)))
        case list() | tuple():
            return [plain(part) for part in value]
        case dict():
            return {str(key): plain(part) for key, part in value.items()}
    return value


_UNITS = {
    "time": {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400},
    "size": {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1024, "mib": 1024**2, "gib": 1024**3},
}


def _quantity(kind: str, example: str) -> BeforeValidator:
    units = _UNITS[kind]

    def parse(value: object) -> object:
        if not isinstance(value, str):
            return value
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", value)
        if not match or (match[2] and match[2].lower() not in units):
            raise ValueError(f"write a {kind} such as {example} (units: {', '.join(units)})")
        return float(match[1]) * units[match[2].lower()] if match[2] else float(match[1])

    return BeforeValidator(parse)


Seconds = Annotated[float, _quantity("time", '"90s" or "10m"')]
"""A duration in seconds; files may say `"10m"`."""

Bytes = Annotated[float, _quantity("size", '"500 MB" or "2 GiB"')]
"""A size in bytes; files may say `"2 GiB"`."""


SECRET = re.compile(r"secret:[A-Za-z_][A-Za-z0-9_]{0,199}")
"""What a reference to a secret looks like; its value is looked up where it is needed."""


def _reference(text: str) -> str:
    if not SECRET.fullmatch(text):
        raise ValueError("write secret:NAME; the value itself does not belong in a file")
    return text


SecretText = Annotated[str, AfterValidator(_reference)]
"""A reference to a secret, `secret:NAME`."""


def show_size(size: float) -> str:
    """A size in bytes as people read it: `1.4 MB`."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def show_duration(seconds: float) -> str:
    """A duration in seconds as people read it: `3.2 s`, `2 min 05 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def show_clock(moment: datetime) -> str:
    """A time of day, with seconds where it has some."""
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def slug(text: str) -> str:
    """A text as a safe file name: letters, digits, dot and hyphen only, never a path."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.") or "x"
