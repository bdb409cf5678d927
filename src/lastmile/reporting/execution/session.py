"""One kernel, cell after cell: who failed, when, and why."""

import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lastmile.errors import LastmileError
from lastmile.reporting.execution.defects import Defect, Note, ask_witness, post_witness
from lastmile.reporting.execution.kernel import OUTPUT_TIMEOUT, Kernel, open_kernel
from lastmile.reporting.execution.listening import Listener
from lastmile.reporting.execution.outcome import CellEvent, Limits, Observer
from lastmile.reporting.execution.prefix import Shared
from lastmile.reporting.execution.valid_outputs import text_of, valid_output
from lastmile.reporting.execution.watchdog import MARK, Watchdog, kill_marked, kill_tree
from lastmile.values import Cause, CauseKind, show_duration, show_size


@dataclass(slots=True)
class CellLog:
    """What happened to one code cell. `ended` is None for the cell at which the run stopped.

    A `shared` one had run already when the kernel was forked.
    """

    started: datetime
    ended: datetime | None = None
    failed: bool = False
    shared: bool = False


@dataclass(slots=True)
class Session:
    """Runs the cells of a notebook in a kernel of its own and keeps the log of it."""

    notebook: Any
    kernel_name: str
    limits: Limits
    observer: Observer
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cells: dict[int, CellLog] = field(default_factory=dict)
    cause: Cause | None = None
    shared: Shared | None = None
    defects: list[Defect] = field(default_factory=list)
    peak_memory: int | None = None
    fault: str = ""
    started: bool = False
    at_end: "Callable[[Session], None] | None" = None
    ended: bool = False

    def run(self) -> None:
        """Run until the end or the first failure; `cause` says which. Leaves no process behind.

        `at_end` is called once, when the end is known; a kernel that has reached it closes down
        behind that. Only an interrupt can still change the `cause` then.

        Raises:
            KeyboardInterrupt: passed on when the run was interrupted, after cleaning up.
        """
        started = time.monotonic()
        try:
            with self._kernel() as kernel:
                self._take_over(kernel.shared)
                post_witness(kernel.client)
                self.started = True
                listener = Listener(kernel.client, self.limits.output)
                dog = Watchdog(
                    kernel.pid,
                    self.limits,
                    started=started,
                    silent_for=lambda: listener.silent_for,
                )
                try:
                    with dog.watching():
                        self._run_cells(kernel, dog, listener)
                finally:
                    self.peak_memory = dog.peak_memory or None
                    if self.cause or sys.exc_info()[0]:
                        kill_tree(kernel.pid)  # it has no last words that anybody should wait for
                self._end()
        except KeyboardInterrupt:
            self.cause = Cause(
                kind=CauseKind.INTERRUPTED, message="interrupted", cell=self._stopped_at()
            )
            raise
        except Exception as error:
            if self.ended or isinstance(error, LastmileError):
                raise
            self.cause = self._unforeseen(error)
        finally:
            if MARK in self.env:
                kill_marked(self.env[MARK])
            self._end()

    def _unforeseen(self, error: Exception) -> Cause:
        """Why the run ends with an error that is neither a cell's nor the kernel's."""
        from jupyter_client.kernelspec import NoSuchKernel

        what = _first_line(f"{type(error).__name__}: {error}")
        at, cell = "", self._stopped_at()
        if cell is not None:
            at = f" in cell {cell + 1}"
        elif not self.started and isinstance(error, NoSuchKernel | RuntimeError | OSError):
            message = f"the kernel `{self.kernel_name}` did not start: {_first_line(str(error))}"
            return Cause(kind=CauseKind.KERNEL_START, message=message)
        self.fault = text_of("".join(traceback.format_exception(error)))
        message = f"the run was stopped{at}: {what}; a fault of lastmile, not of the notebook"
        return Cause(kind=CauseKind.PROGRAM_FAULT, message=message, cell=cell)

    def _end(self) -> None:
        if not self.ended:
            self.ended = True
            if self.at_end:
                self.at_end(self)

    def _kernel(self) -> AbstractContextManager[Kernel]:
        return open_kernel(
            self.notebook,
            self.kernel_name,
            cwd=self.cwd,
            env=self.env,
            cell_timeout=self.limits.cell,
        )

    def _take_over(self, shared: Shared | None) -> None:
        """The cells that ran before the kernel was forked, with what they showed."""
        from nbformat import from_dict

        self.shared = shared
        for index, done in (shared.cells if shared and not shared.refused else {}).items():
            cell = self.notebook.cells[index]
            cell.outputs = [from_dict(valid_output(output)) for output in done.outputs]
            cell.execution_count = done.count
            self.cells[index] = CellLog(done.started, done.ended, shared=True)

    def _order(self) -> list[int]:
        """The cells that this kernel has begun, in order."""
        return [index for index, log in self.cells.items() if not log.shared]

    def _run_cells(self, kernel: Kernel, dog: Watchdog, listener: Listener) -> None:
        runnable = [
            index
            for index, cell in enumerate(self.notebook.cells)
            if cell.cell_type == "code" and cell.source.strip() and index not in self.cells
        ]
        total, titles = len(self.notebook.cells), _titles(self.notebook)
        for index in runnable:
            number, title, last = index + 1, titles[index], index == runnable[-1]
            self.observer(CellEvent("started", number, total, title, last))
            log = self.cells[index] = CellLog(datetime.now(UTC))
            goes_on = self._run_cell(kernel, dog, listener, index)
            listener.close(self.notebook.cells[index], index)
            if self.cause and not log.failed:
                return
            log.ended = datetime.now(UTC)
            goes_on = self._heed(listener.take_notes()) and goes_on
            seconds = (log.ended - log.started).total_seconds()
            self.observer(CellEvent("ended", number, total, title, last, seconds))
            if not goes_on:
                break
        request, told = ask_witness(kernel.client)
        listener.drain(request)
        listener.note(told)
        self._heed(listener.take_notes())
        listener.close_late()

    def _heed(self, notes: Sequence[Note]) -> bool:
        """Take notes of what was seen beside the answers of the kernel; whether the run goes on."""
        goes_on = True
        for note in notes:
            if note.kind == "defect":
                self.defects.append(Defect(note.cell, note.what))
            elif note.cell is None or "raises-exception" in _tags(self.notebook.cells[note.cell]):
                continue
            elif note.kind == "exit":
                goes_on = False
            elif self.cause is None:
                self._fail(note.cell, note.what)
        return goes_on and self.cause is None

    def _fail(self, index: int, what: str) -> None:
        """The cell went wrong by itself, and the run with it."""
        self.cells[index].failed = True
        message = _first_line(f"cell {index + 1} {what}")
        self.cause = Cause(kind=CauseKind.CELL_ERROR, message=message, cell=index)

    def _run_cell(self, kernel: Kernel, dog: Watchdog, listener: Listener, index: int) -> bool:
        """Run one cell and say whether the next one follows; `cause` says why it does not."""
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        cell = self.notebook.cells[index]
        try:
            kernel.client.execute_cell(cell, index)
        except CellExecutionError as error:
            if error.ename == "SystemExit" and error.evalue in ("", "0", "None"):
                cell.outputs = [output for output in cell.outputs if not _of_exit(output)]
                return False
            what = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
            shown = listener.shown_error
            # An error of a display is shown by the kernel, but it does not know it when it answers.
            self._fail(index, shown if error.ename == "NoneType" and shown else f"raised {what}")
        except CellTimeoutError:
            limit = show_duration(self.limits.cell or OUTPUT_TIMEOUT)
            message = f"cell {index + 1} was stopped: it ran longer than {limit}"
            self.cause = Cause(kind=CauseKind.DEADLINE, message=message, cell=index)
        except DeadKernelError:
            kind, what, more = self._death(kernel, dog)
            message = f"{what} in cell {index + 1}{more}"
            self.cause = Cause(kind=kind, message=message, cell=index)
        return self.cause is None

    def _death(self, kernel: Kernel, dog: Watchdog) -> tuple[CauseKind, str, str]:
        """Why the kernel is gone, in words for before and behind the cell's number."""
        if dog.verdict is CauseKind.DEADLINE:
            limit = show_duration(self.limits.deadline or 0)
            return dog.verdict, "the run was stopped", f": it took longer than {limit}"
        if dog.verdict is CauseKind.SILENCE:
            limit = show_duration(self.limits.silence or 0)
            return dog.verdict, "the run was stopped", f": nothing was heard for {limit}"
        if dog.verdict is CauseKind.OUT_OF_MEMORY:
            peak, limit = show_size(dog.peak_memory), show_size(self.limits.memory or 0)
            return dog.verdict, "out of memory", f": {peak} used, {limit} allowed"
        return CauseKind.KERNEL_DIED, "the kernel died", kernel.how_it_ended()

    def _stopped_at(self) -> int | None:
        return next((index for index, log in self.cells.items() if log.ended is None), None)


def _tags(cell: Any) -> Sequence[str]:
    return cell.metadata.get("tags") or ()


def _of_exit(output: Any) -> bool:
    """Whether an output is only IPython's comment on a `sys.exit()`."""
    return output.output_type == "error" or "To exit: use 'exit'" in output.get("text", "")


def _titles(notebook: Any) -> list[str]:
    """For each cell the nearest heading above it, for people who wait for it."""
    titles, title = [], ""
    for cell in notebook.cells:
        titles.append(title)
        if cell.cell_type == "markdown":
            headings = [line for line in cell.source.splitlines() if line.startswith("#")]
            title = str(headings[-1].lstrip("# ").strip()) if headings else title
    return titles


def _first_line(text: str) -> str:
    """The first line with words; what ends with a colon goes on in the next one."""
    lines = [line.strip() for line in text_of(text).splitlines() if line.strip()]
    text = " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
    return text if len(text) <= 200 else f"{text[:197]}..."
