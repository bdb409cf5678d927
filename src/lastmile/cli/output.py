"""What people and programs read: results on stdout, everything else on stderr.

Colours and moving bars appear on a terminal only; elsewhere the same words come as plain lines.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lastmile.errors import NotWritable
from lastmile.reporting.publication import cause_as_json, slot_as_json
from lastmile.values import Run, State, show_duration


class Quiet(Console):
    """A console whose reader may go away: what is being done goes on without a word."""

    def on_broken_pipe(self) -> None:
        """Write to nowhere from now on."""
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
            os.dup2(nowhere.fileno(), self.file.fileno())

    def emit(self, text: str) -> None:
        """Write a text as it is."""
        try:
            self.file.write(text)
            self.file.flush()
        except BrokenPipeError:
            self.on_broken_pipe()
        except OSError as error:
            raise NotWritable("the answer", error.strerror or str(error)) from error


out = Quiet(highlight=False, soft_wrap=True)
err = Quiet(stderr=True, highlight=False, soft_wrap=True)

STATE_STYLES = {
    State.SUCCEEDED: "green",
    State.DEGRADED: "yellow",
    State.FAILED: "bold red",
    State.CANCELLED: "yellow",
    State.RUNNING: "cyan",
    State.QUEUED: "dim",
}


def say(text: str = "", style: str = "") -> None:
    """A line of a result."""
    out.print(Text(text, style=style))


def note(text: str, style: str = "") -> None:
    """A line about what goes on."""
    err.print(Text(text, style=style))


def complain(text: str) -> None:
    """An error, whole."""
    err.print(Text(text, style="red" if err.is_terminal else ""))


def say_json(value: Any) -> None:
    """A value for programs, on stdout."""
    out.emit(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def say_table(
    headings: Sequence[str], rows: Iterable[Sequence[str | Text]], *, whole: int = 2
) -> None:
    """Rows under headings: a table on a terminal, tabs between the cells elsewhere.

    The first `whole` columns are never broken into lines.
    """
    rows = list(rows)
    if not out.is_terminal:
        for row in rows:
            out.emit("\t".join(str(cell) for cell in row).rstrip("\t") + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for index, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=index < whole)
    for row in rows:
        table.add_row(*row)
    out.print(table, soft_wrap=False)


def state_text(state: State) -> Text:
    """A state in its colour."""
    return Text(state.value, style=STATE_STYLES[state])


def path_shown(path: Path) -> str:
    """A path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def run_as_json(run: Run) -> dict[str, Any]:
    """A run for programs."""
    return {
        "key": run.key,
        "report": run.report,
        "state": run.state.value,
        "cause": cause_as_json(run.cause),
        "parameters": run.parameters,
        "given": run.given,
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat() if run.ended else None,
        "seconds": run.seconds,
        "cells": run.cells,
        "peak_memory": run.peak_memory,
        "folder": str(run.folder) if run.folder else None,
        "files": list(run.files),
        "plan_id": run.plan_id,
        "logical_date": run.logical_date.isoformat() if run.logical_date else None,
        "attempt": run.attempt,
        "recorded": run.recorded,
        "redacted": run.redacted,
        "slot": slot_as_json(run.slot),
    }


def say_runs(runs: Iterable[Run], *, of_one_report: bool = False) -> None:
    """Runs, one a row; parameters only where they were asked for."""
    rows: list[list[str | Text]] = [
        [
            run.key,
            *([] if of_one_report else [run.report]),
            state_text(run.state),
            "" if run.seconds is None else show_duration(run.seconds),
            " ".join(f"{name}={value}" for name, value in run.given.items()),
            str(run.cause or ""),
        ]
        for run in runs
    ]
    report = [] if of_one_report else ["report"]
    headings = ["run", *report, "state", "took", "parameters", "cause"]
    say_table(headings, rows, whole=len(headings) - 2)
