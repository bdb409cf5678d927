"""How the end of a run comes into the run log, with its deliveries, whatever goes wrong there."""

from dataclasses import replace
from pathlib import Path

from lastmile.clock import Clock
from lastmile.delivery.outbox import deliveries_of
from lastmile.errors import LastmileError, ProgramFault, WorkersLost
from lastmile.jobs.faults import FaultFiles, as_told
from lastmile.reporting.execution.outcome import Executed
from lastmile.reporting.recorded import recorded_values
from lastmile.reporting.snapshot import FAULT
from lastmile.store import OnEnd, RunLog
from lastmile.values import Cause, CauseKind, Run, State


def telling(clock: Clock, hold: float = 0.0) -> OnEnd:
    """What makes the deliveries of a run that ends; nobody hears of it for `hold` seconds."""
    return lambda run, order: deliveries_of(run, order, clock(), hold)


def record_end(root: Path, log: RunLog, run: Run, on_end: OnEnd) -> None:
    """Record how a run ended, and queue its deliveries; without these where they cannot be made.

    Raises:
        ProgramFault: they cannot be made; the end is recorded.
    """
    try:
        log.end(run, on_end)
    except LastmileError:
        raise
    except Exception as error:
        log.end(run)
        what = f"telling of the run {run.key}"
        raise as_told(error, what, FaultFiles(root, run.key)) from error


def ended(run: Run, executed: Executed, clock: Clock) -> Run:
    """A run as it ended, before its pages are made."""
    now = clock()
    cause = executed.cause
    if cause and executed.fault:
        cause = replace(cause, message=f"{cause.message} (see {FAULT})")
    return replace(
        run,
        state=executed.state,
        cause=cause,
        ended=now,
        seconds=(now - run.started).total_seconds(),
        cells=executed.cells,
        peak_memory=executed.peak_memory,
        redacted=executed.redacted,
        recorded=recorded_values(executed.notebook),
    )


def unpublished(run: Run, error: BaseException, clock: Clock) -> Run:
    """A run that an error ended before anything of it was published."""
    kind, message = CauseKind.NOT_PUBLISHED, str(error)
    match error:
        case KeyboardInterrupt():
            kind, message = CauseKind.INTERRUPTED, "interrupted"
        case ProgramFault():
            kind, message = CauseKind.PROGRAM_FAULT, error.cause
        case LastmileError():
            kind = CauseKind.LOST if isinstance(error, WorkersLost) else kind
            message = error.what
    now = clock()
    return replace(
        run,
        state=State.CANCELLED if kind is CauseKind.INTERRUPTED else State.FAILED,
        cause=Cause(kind=kind, message=message),
        ended=now,
        seconds=(now - run.started).total_seconds(),
    )
