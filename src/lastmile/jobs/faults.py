"""An error that nobody foresaw is told without its traceback, which is kept in a file."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lastmile.atomic import write_bytes
from lastmile.errors import LastmileError, ProgramFault
from lastmile.errors.steps import steps_of
from lastmile.jobs.doctor import missing_part

FOLDER = Path(".lastmile", "faults")


@dataclass(frozen=True, slots=True)
class FaultFiles:
    """Where the traceback of a fault is kept: below the `root` of a workspace, if there is one.

    `clean` takes out of a text what nobody may read. `notebook` gives what had been executed.
    """

    root: Path | None
    name: str
    clean: Callable[[str], str] = str
    notebook: Callable[[], bytes | None] = lambda: None


def as_told(error: BaseException, what: str, files: FaultFiles) -> BaseException:
    """The error itself if it is one of ours or a wish to stop; else one that can be told.

    `what` has failed: `the run 20261122-191001-6544`. The traceback of a fault that comes from a
    worker is kept here.
    """
    part = missing_part(error) if isinstance(error, ModuleNotFoundError) else None
    if part is not None:  # a library that is not installed is no fault of the program
        return part
    if isinstance(error, ProgramFault) and error.trace and not error.kept:
        kept = _keep(files, error.trace)
        return ProgramFault(what, error.said, ours=error.ours, kept=kept, trace=error.trace)
    if isinstance(error, LastmileError) or not isinstance(error, Exception):
        return error
    trace = _text("".join(traceback.format_exception(error)), files)
    lines = _text(str(error), files).strip().splitlines()
    said = f"{type(error).__name__}{f': {lines[0][:300]}' if lines else ''}"
    steps = steps_of(error)
    kept = _keep(files, trace)
    return ProgramFault(
        what,
        f"{said}, {steps}" if steps else said,
        ours=not isinstance(error, OSError | MemoryError),
        kept=kept,
        trace=trace,
    )


@contextmanager
def faults_told(what: str, files: FaultFiles) -> Iterator[None]:
    """Raise what the block raises as it can be told."""
    try:
        yield
    except BaseException as error:
        told = as_told(error, what, files)
        if told is error:
            raise
        raise told from error


def _text(text: str, files: FaultFiles) -> str:
    return files.clean(text.encode("utf-8", "replace").decode())


def _keep(files: FaultFiles, trace: str) -> str:
    """Write what is there to be written; the path of the traceback, if that could be."""
    if files.root is None:
        return ""
    path = files.root / FOLDER / f"{files.name}.txt"
    with suppress(Exception):
        if notebook := files.notebook():
            write_bytes(path.with_suffix(".ipynb"), notebook)
    with suppress(LastmileError):
        write_bytes(path, trace.encode())
    return str(path) if path.exists() else ""
