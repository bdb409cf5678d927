"""Progress of anything that takes longer than a second."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lastmile.cli.output import err, note
from lastmile.reporting.execution.outcome import CellEvent, Observer
from lastmile.values import show_duration

_SLOW_CELL = 1.0


@contextmanager
def cell_progress(title: str, *, quiet: bool = False) -> Iterator[Observer]:
    """Progress by cell: a bar on a terminal, a line for each slow cell elsewhere."""
    if quiet:
        yield lambda _event: None
    elif err.is_terminal:
        with _bar() as bar:
            task = bar.add_task(title, total=None, cell="beginning")
            yield lambda event: _move(bar, task, event)
    else:
        note(f"{title}: beginning")
        yield _tell


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[cell]}"),
        console=err,
        transient=True,
    )


def _move(bar: Progress, task: object, event: CellEvent) -> None:
    done = event.number if event.phase == "ended" else event.number - 1
    bar.update(task, total=event.total, completed=done, cell=event.title)  # type: ignore[arg-type]  # rich's TaskID


def _tell(event: CellEvent) -> None:
    if event.phase == "ended" and (event.seconds >= _SLOW_CELL or event.last):
        note(
            f"  cell {event.number} of {event.total}"
            f"{f' ({event.title})' if event.title else ''}: {show_duration(event.seconds)}"
        )


@contextmanager
def step_progress(title: str, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Progress by step: each call names the step that begins; its time is told when it ends."""
    began: list[tuple[str, float]] = []
    told: list[str] = []

    def close() -> None:
        if began and not quiet:
            step, started = began.pop()
            note(f"  {step}: {show_duration(time.monotonic() - started)}")

    def begin(step: str) -> None:
        close()
        if not told and not quiet:
            note(title)
        told.append(step)
        began.append((step, time.monotonic()))
        if status:
            status.update(f"{title}: {step}")

    status = err.status(title) if err.is_terminal and not quiet else None
    if status:
        with status:
            yield begin
            close()
    else:
        yield begin
        close()
