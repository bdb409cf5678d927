"""Our papermill engine: the entry point `papermill.engine` = `lastmile`.

Through `papermill --engine lastmile in.ipynb out.ipynb` it runs a notebook as papermill's own
engine would, but tells the truth about cells that did not run. lastmile itself passes `session`
options and reads the state from the session, never from the notebook.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from papermill.engines import Engine
from papermill.exceptions import PapermillException
from papermill.iorw import write_ipynb

from lastmile.reporting.execution.outcome import Limits, Observer, unobserved
from lastmile.reporting.execution.repair import repair
from lastmile.reporting.execution.session import Session
from lastmile.values import CauseKind

Receiver = Callable[[Session], None]


class RunStopped(PapermillException):  # type: ignore[misc]  # papermill has no types
    """The kernel did not reach the end of the notebook; the message is the cause."""


class LastmileEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """Runs a notebook in a supervised kernel."""

    @classmethod
    def execute_notebook(  # noqa: PLR0913 - papermill's own signature
        cls,
        nb: Any,
        kernel_name: str,
        *,
        output_path: str | None = None,
        limits: Limits | None = None,
        observer: Observer = unobserved,
        env: Mapping[str, str] | None = None,
        receiver: Receiver | None = None,
        execution_timeout: float | None = None,
        **_unused: object,
    ) -> Any:
        """Execute `nb` in place and return it; `receiver` gets the session with its log.

        Raises:
            RunStopped: the run did not reach the end and no `receiver` takes the news.
        """
        session = Session(
            notebook=nb,
            kernel_name=kernel_name,
            limits=limits or Limits(cell=execution_timeout),
            observer=observer,
            cwd=Path.cwd(),
            env=env or {},
        )
        started = datetime.now(UTC)
        try:
            session.run()
        finally:
            repair(session, started=started, ended=datetime.now(UTC))
            if receiver:
                receiver(session)
                nb = deepcopy(nb)  # papermill writes its own error banner into what it gets
            elif output_path:
                write_ipynb(nb, output_path)
        stopped = session.cause and session.cause.kind is not CauseKind.CELL_ERROR
        if stopped and not receiver:
            raise RunStopped(str(session.cause))
        return nb
