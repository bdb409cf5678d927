"""Progress of anything that takes longer than a second."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from lastmile.cli.output import err, note, styled
from lastmile.reporting.execution.outcome import CellEvent, Observer
from lastmile.values import show_duration
from lastmile.visible import visible

_SLOW_CELL = 1.0


@contextmanager
def cell_progress(title: str, *, quiet: bool = False) -> Iterator[Observer]:
    """Progress by cell: a bar on a terminal, a line for each slow cell elsewhere."""
    if quiet:
        yield lambda _event: None
    elif err.is_terminal:
        with _bar() as bar:
            task = bar.add_task(visible(title), total=None, cell="beginning")
            yield lambda event: _move(bar, task, event)
    else:
        note(f"{title}: beginning")
        yield _tell


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[cell]}", style="dim", markup=False),
        console=err,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _move(bar: Progress, task: object, event: CellEvent) -> None:
    done = event.number if event.phase == "ended" else event.number - 1
    bar.update(task, total=event.total, completed=done, cell=visible(event.title))  # type: ignore[arg-type]  # rich's TaskID


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
            status.update(styled([(f"{title}: {step}", "")]))

    status = err.status(styled([(title, "")])) if err.is_terminal and not quiet else None
    if status:
        with status:
            yield begin
            close()
    else:
        yield begin
        close()


@contextmanager
def moving_picture(first: Text) -> Iterator[Callable[[Text], None]]:
    """A picture on a terminal that each call replaces by another; the last one stays."""
    with Live(
        first, console=err, transient=False, redirect_stdout=False, redirect_stderr=False
    ) as live:
        yield lambda picture: live.update(picture, refresh=True)
