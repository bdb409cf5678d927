"""Our papermill engine: the entry point `papermill.engine` = `lastmile`.

Through `papermill --engine lastmile in.ipynb out.ipynb` it runs a notebook as papermill's own
engine would, but tells the truth about cells that did not run. lastmile itself passes `session`
options and reads the state from the session, never from the notebook.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbformat.v4 import new_notebook
from papermill.engines import Engine
from papermill.exceptions import PapermillException
from papermill.iorw import write_ipynb

from lastmile.reporting.execution.inject import keep_types
from lastmile.reporting.execution.outcome import Limits, Observer, unobserved
from lastmile.reporting.execution.repair import repair
from lastmile.reporting.execution.session import Session
from lastmile.values import Cause, CauseKind

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
        """Execute `nb` in place and return it.

        A `receiver` gets the session with its log as soon as its end is known; the kernel may still
        be closing down then. It takes the notebook from there: what is returned is empty, because
        papermill would write a banner of its own into it, and the whole to nowhere.

        Raises:
            RunStopped: the run did not reach the end and no `receiver` takes the news.
        """
        keep_types(nb)
        session = Session(
            notebook=nb,
            kernel_name=kernel_name,
            limits=limits or Limits(cell=execution_timeout),
            observer=observer,
            cwd=Path.cwd(),
            env=env or {},
        )
        started = datetime.now(UTC)

        def tell(ended: Session) -> None:
            repair(ended, started=started, ended=datetime.now(UTC))
            if receiver:
                receiver(ended)
            elif output_path:
                write_ipynb(nb, output_path)

        session.at_end = tell
        session.run()
        if receiver:
            return new_notebook()
        if session.cause and not _finds(nb, session.cause):
            raise RunStopped(str(session.cause))
        return nb


def _finds(notebook: Any, cause: Cause) -> bool:
    """Whether papermill finds a cause by itself: it looks for outputs of the kind `error`."""
    if cause.kind is not CauseKind.CELL_ERROR or cause.cell is None:
        return False
    return any(output.output_type == "error" for output in notebook.cells[cause.cell].outputs)
