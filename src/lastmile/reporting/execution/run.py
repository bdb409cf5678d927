"""A plan becomes an executed notebook."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lastmile.reporting.execution.forkserver.environment import POOLS
from lastmile.reporting.execution.inject import inject
from lastmile.reporting.execution.outcome import Executed, Limits, Observer, unobserved
from lastmile.reporting.execution.prefix import Shared
from lastmile.reporting.execution.redact import redact
from lastmile.reporting.execution.session import Session
from lastmile.reporting.execution.watchdog import MARK
from lastmile.reporting.plan import Plan
from lastmile.reporting.secrets import kernel_environment
from lastmile.values import Cause, CauseKind, State

_INTERRUPTED = Cause(kind=CauseKind.INTERRUPTED, message="interrupted")


class RunInterrupted(KeyboardInterrupt):
    """A run was interrupted by the person or system that started it; it carries what was done."""

    def __init__(self, executed: Executed) -> None:
        super().__init__(str(executed.cause))
        self.executed = executed


def execute(
    plan: Plan,
    *,
    module_paths: Sequence[Path] = (),
    secrets: Mapping[str, str] = MappingProxyType({}),
    observer: Observer = unobserved,
    at_end: Callable[[Executed], object] | None = None,
    workers: int = 1,
) -> Executed:
    """Execute a plan through papermill with our engine, in the folder of its notebook.

    The values of `secrets`, by name, reach the kernel's environment and nothing that is returned.
    `at_end` gets what will be returned as soon as that is known, before the kernel has closed down;
    nothing of an interrupted run. `workers` says how many runs share the cores: pools of native
    threads get as many threads, unless the report or the environment says how many. When this
    returns, no process of the run is left.

    Raises:
        RunInterrupted: on Ctrl-C or SIGTERM, after the kernel and all its children have ended.
    """
    received: list[tuple[Session, Executed]] = []
    started = time.monotonic()

    def receive(session: Session) -> None:
        seconds = time.monotonic() - started
        executed = redact(_executed(session, seconds, strict=plan.report.file.strict), secrets)
        received.append((session, executed))
        if at_end and executed.state is not State.CANCELLED:
            at_end(executed)

    env = {**_environment(plan, module_paths, workers), **kernel_environment(secrets)}
    try:
        _through_papermill(plan, env, observer, receive)
    except KeyboardInterrupt:
        if not received:
            raise
        session, executed = received[0]
        # It may have been interrupted behind its end, while the kernel closed down.
        stopped = replace(
            executed, state=State.CANCELLED, cause=executed.cause or session.cause or _INTERRUPTED
        )
        raise RunInterrupted(stopped) from None
    return received[0][1]


def _through_papermill(
    plan: Plan, env: Mapping[str, str], observer: Observer, receive: Callable[[Session], None]
) -> None:
    import papermill
    from papermill.exceptions import PapermillExecutionError

    notebook = plan.report.source.notebook()
    inject(notebook, plan.injected, plan.report)
    with suppress(PapermillExecutionError):  # the session knows it already, and more exactly
        papermill.execute_notebook(
            notebook,
            None,
            engine_name="lastmile",
            kernel_name=plan.report.kernel,
            progress_bar=False,
            request_save_on_cell_execute=False,
            cwd=plan.report.source.path.parent,
            limits=_limits(plan),
            observer=observer,
            env=env,
            receiver=receive,
        )


def _executed(session: Session, seconds: float, *, strict: bool) -> Executed:
    cells = session.cells.values()
    state, cause = _verdict(session, strict)
    return Executed(
        notebook=session.notebook,
        state=state,
        cause=cause,
        cells=len(session.cells),
        seconds=seconds,
        cell_seconds=sum(
            (log.ended - log.started).total_seconds()
            for log in cells
            if log.ended and not log.shared
        ),
        peak_memory=session.peak_memory,
        prefix=_prefix(session.shared),
        fault=session.fault,
    )


def _prefix(shared: Shared | None) -> Mapping[str, Any] | None:
    """What the record says about a beginning that was to be shared."""
    if shared is None:
        return None
    if shared.refused:
        return {"shared": False, "reason": shared.refused}
    return {
        "shared": True,
        "cells": len(shared.cells),
        "seconds": round(shared.seconds, 3),
        "started": min(cell.started for cell in shared.cells.values()).isoformat(),
    }


def _verdict(session: Session, strict: bool) -> tuple[State, Cause | None]:
    """The state of a run and its cause; defects count only where nothing worse happened."""
    if session.cause:
        interrupted = session.cause.kind is CauseKind.INTERRUPTED
        return State.CANCELLED if interrupted else State.FAILED, session.cause
    if not session.defects:
        return State.SUCCEEDED, None
    first, more = session.defects[0], len(session.defects) - 1
    message = f"{first}{f' (and {more} more)' if more else ''}"
    cause = Cause(kind=CauseKind.DEFECT, message=message, cell=first.cell)
    return State.FAILED if strict else State.DEGRADED, cause


def _limits(plan: Plan) -> Limits:
    file = plan.report.file
    return Limits(
        deadline=file.timeout, cell=file.cell_timeout, silence=file.silence, memory=file.memory
    )


def _environment(plan: Plan, module_paths: Sequence[Path], workers: int) -> dict[str, str]:
    """The workspace's modules, and pools of native threads that do not fight over the cores."""
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([*map(str, module_paths), *([before] if before else [])])
    asked = plan.report.file.threads
    threads = asked or max(1, _cores() // workers)
    pools = {name: str(threads) for name in POOLS if asked or name not in os.environ}
    return {**pools, MARK: plan.key, "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _cores() -> int:
    """The cores that this process may use, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
