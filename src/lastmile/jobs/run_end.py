"""How the end of a run comes into the run log, with its deliveries, whatever goes wrong there."""

import traceback
from contextlib import suppress
from pathlib import Path

from lastmile.atomic import write_text
from lastmile.clock import Clock
from lastmile.delivery.outbox import deliveries_of
from lastmile.errors import LastmileError, ProgramFault
from lastmile.store import OnEnd, RunLog
from lastmile.values import Run


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
        raise fault_of(root, run, error) from error


def demand_foreseen(root: Path | None, run: Run, error: BaseException) -> None:
    """Raise `ProgramFault` where an error is neither one of ours nor a wish to stop."""
    if isinstance(error, Exception) and not isinstance(error, LastmileError):
        raise fault_of(root, run, error) from error


def fault_of(root: Path | None, run: Run, error: Exception) -> ProgramFault:
    """The error that something nobody foresaw becomes.

    Its traceback is kept below the workspace's `root`, if there is one.
    """
    if root is None:
        return ProgramFault(run.key, error)
    path = root / ".lastmile" / "faults" / f"{run.key}.txt"
    with suppress(LastmileError):
        write_text(path, "".join(traceback.format_exception(error)))
    return ProgramFault(run.key, error, kept=str(path) if path.exists() else "")
