"""What supervised execution is told, and what it tells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lastmile.values import Cause, State

Phase = Literal["started", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a run. None means unbounded.

    `deadline` of the whole run, `cell` of one cell and `silence` without any output are seconds;
    `memory` of the kernel and its children and `output` of one cell are bytes.
    """

    deadline: float | None = None
    cell: float | None = None
    silence: float | None = None
    memory: float | None = None
    output: float = 10e6


@dataclass(frozen=True, slots=True)
class CellEvent:
    """A code cell started or ended; `number` is its place among all `total` cells, from 1."""

    phase: Phase
    number: int
    total: int
    title: str
    last: bool
    seconds: float = 0.0


Observer = Callable[[CellEvent], None]


def unobserved(_event: CellEvent) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """An executed and repaired notebook with the state that the supervisor gave it.

    `seconds` is the wall time from the start of the kernel to the end of its work, `cell_seconds`
    that of the cells alone, `peak_memory` the largest resident size of the kernel and its children
    in bytes. `redacted` counts the places where the value of a secret was struck out. `prefix` says
    of a beginning that was to be shared whether it was, and why not. `fault` is the traceback of an
    error of ours that stopped the run.
    """

    notebook: Any
    state: State
    cause: Cause | None
    cells: int
    seconds: float
    cell_seconds: float
    peak_memory: int | None
    redacted: int = 0
    prefix: Mapping[str, Any] | None = None
    fault: str = ""
