"""A plan becomes an executed notebook."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from lastmile.reporting.execution.inject import inject
from lastmile.reporting.execution.outcome import Executed, Limits, Observer, unobserved
from lastmile.reporting.execution.session import Session
from lastmile.reporting.plan import Plan
from lastmile.values import CauseKind, State

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class RunInterrupted(KeyboardInterrupt):
    """A run was interrupted by the person or system that started it; it carries what was done."""

    def __init__(self, executed: Executed) -> None:
        super().__init__(str(executed.cause))
        self.executed = executed


def execute(
    plan: Plan, *, module_paths: Sequence[Path] = (), observer: Observer = unobserved
) -> Executed:
    """Execute a plan through papermill with our engine, in the folder of its notebook.

    Raises:
        RunInterrupted: on Ctrl-C or SIGTERM, after the kernel and all its children have ended.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    notebook = plan.report.source.notebook()
    inject(notebook, plan.injected)
    received: list[Session] = []
    started = time.monotonic()
    try:
        papermill.execute_notebook(
            notebook,
            None,
            engine_name="lastmile",
            kernel_name=plan.report.file.kernel or _kernel_of(notebook),
            progress_bar=False,
            request_save_on_cell_execute=False,
            cwd=plan.report.source.path.parent,
            limits=_limits(plan),
            observer=observer,
            env=_environment(plan, module_paths),
            receiver=received.append,
        )
    except PapermillExecutionError:
        pass  # the session knows it already, and more exactly
    except KeyboardInterrupt:
        if not received:
            raise
        raise RunInterrupted(_executed(received[0], time.monotonic() - started)) from None
    return _executed(received[0], time.monotonic() - started)


def _executed(session: Session, seconds: float) -> Executed:
    cells = session.cells.values()
    return Executed(
        notebook=session.notebook,
        state=_state(session),
        cause=session.cause,
        cells=len(session.cells),
        seconds=seconds,
        cell_seconds=sum((log.ended - log.started).total_seconds() for log in cells if log.ended),
        peak_memory=session.peak_memory,
    )


def _state(session: Session) -> State:
    if session.cause is None:
        return State.SUCCEEDED
    return State.CANCELLED if session.cause.kind is CauseKind.INTERRUPTED else State.FAILED


def _kernel_of(notebook: object) -> str:
    spec = getattr(notebook, "metadata", {}).get("kernelspec", {})
    return str(spec.get("name") or "python3")


def _limits(plan: Plan) -> Limits:
    file = plan.report.file
    return Limits(
        deadline=file.timeout, cell=file.cell_timeout, memory=file.memory, threads=file.threads
    )


def _environment(plan: Plan, module_paths: Sequence[Path]) -> dict[str, str]:
    """The workspace's modules, and pools of native threads that do not fight over the cores."""
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([*map(str, module_paths), *([before] if before else [])])
    threads = plan.report.file.threads or os.cpu_count() or 1
    pools = {name: str(threads) for name in _POOLS if name not in os.environ}
    return {**pools, "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
