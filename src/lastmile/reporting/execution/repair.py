"""The executed notebook, made to say what really happened to each cell.

papermill's own loop records every cell as completed after the kernel was killed. Here each code
cell gets the state of the session's log, in papermill's metadata and in ours:
`completed`, `degraded` (it ended well, but something in it did not), `failed` (it raised),
`stopped` (the run ended in it) or `not-run`.
"""

from datetime import datetime
from typing import Any

from lastmile.reporting.execution.session import CellLog, Session
from lastmile.values import Cause

_PAPERMILL = {"completed": "completed", "failed": "failed", "stopped": "failed"}


def repair(session: Session, *, started: datetime, ended: datetime) -> None:
    """Write the states of the session's log into its notebook."""
    for index, cell in enumerate(session.notebook.cells):
        if cell.cell_type != "code":
            continue
        log = session.cells.get(index)
        state = _state(log, empty=not cell.source.strip(), cause=session.cause)
        seen = [defect.what for defect in session.defects if defect.cell == index]
        mark: dict[str, Any] = {"state": "degraded" if seen and state == "completed" else state}
        if log and log.shared:
            mark["shared"] = True
        if session.cause and session.cause.cell == index:
            words = session.cause.message.removeprefix(f"cell {index + 1} ")
        else:
            words = "; ".join(seen)
        if words:
            mark["note"] = f"{words[0].upper()}{words[1:]}"
        cell.metadata["lastmile"] = mark
        cell.metadata["papermill"] = _papermill_mark(state, log)
        if state == "not-run":
            cell.outputs, cell.execution_count = [], None
    session.notebook.metadata.setdefault("papermill", {}).update(
        start_time=started.isoformat(),
        end_time=ended.isoformat(),
        duration=(ended - started).total_seconds(),
        exception=True if session.cause else None,
    )


def _state(log: CellLog | None, *, empty: bool, cause: Cause | None) -> str:
    if log is None:
        return "completed" if empty and not cause else "not-run"
    if log.failed:
        return "failed"
    return "completed" if log.ended else "stopped"


def _papermill_mark(state: str, log: CellLog | None) -> dict[str, Any]:
    return {
        "status": _PAPERMILL.get(state, "pending"),
        "exception": state in ("failed", "stopped"),
        "start_time": log.started.isoformat() if log else None,
        "end_time": log.ended.isoformat() if log and log.ended else None,
        "duration": (log.ended - log.started).total_seconds() if log and log.ended else None,
    }
