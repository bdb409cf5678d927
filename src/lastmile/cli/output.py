"""What people and programs read: results on stdout, everything else on stderr.

Colours and moving bars appear on a terminal only; elsewhere the same words come as plain lines.
Every text is shown as it is: none is markup, and none controls the terminal (see `visible`). This
module and `progress` alone know rich.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from lastmile.errors import NotWritable
from lastmile.reporting.publication import cause_as_json, slot_as_json
from lastmile.values import Run, State, show_duration
from lastmile.visible import further_lines_indented, json_visible, visible

_LINES = "\n"
_NARROWEST = 16
"""Columns of a terminal that a column of a table has at least, where its cells need them."""


class Plain(Console):
    """A console on which no text is markup, and to which no text can give orders.

    Its reader may go away: what is being done goes on without a word.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """The pieces of anything that is shown: the last place that all of it passes."""
        for text, style, control in super().render(renderable, options):
            if control:
                yield Segment(text, style, control)
            else:
                linked = style is not None and style.link is not None
                yield Segment(
                    visible(text, keep=_LINES),
                    style.update_link(None) if style and linked else style,
                )

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


out = Plain()
err = Plain(stderr=True)

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
    out.print(Text(further_lines_indented(text), style=style))


def note(text: str, style: str = "") -> None:
    """A line about what goes on."""
    err.print(Text(further_lines_indented(text), style=style))


def complain(text: str) -> None:
    """What is wrong, in a line."""
    err.print(Text(further_lines_indented(text), style="red" if err.is_terminal else ""))


def complain_error(text: str) -> None:
    """An error as it tells itself: it has kept what comes from outside apart from its own lines."""
    err.print(Text(visible(text, keep=_LINES), style="red" if err.is_terminal else ""))


def say_json(value: Any) -> None:
    """A value for programs, on stdout."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    out.emit(json_visible(text) + "\n")


def say_file(text: str) -> None:
    """The content of a file for programs, to the letter; on a terminal nothing in it has effect."""
    out.emit(visible(text, keep="\n\t") if out.is_terminal else text)


def styled(*lines: Iterable[tuple[str, str]]) -> Text:
    """Lines of pieces, each a text and its style."""
    shown = [[(visible(text), style) for text, style in line] for line in lines]
    return Text("\n").join(Text.assemble(*line) for line in shown)


def say_table(
    headings: Sequence[str], rows: Iterable[Sequence[str | Text]], *, whole: int = 2
) -> None:
    """Rows under headings: a table on a terminal, tabs between the cells elsewhere.

    The first `whole` columns are never broken into lines; where the terminal is too narrow for
    that, each row is a block of lines, a cell each.
    """
    shown = [[Text(visible(c)) if isinstance(c, str) else c for c in row] for row in rows]
    if not out.is_terminal:
        for row in shown:
            out.emit("\t".join(visible(cell.plain) for cell in row).rstrip("\t") + "\n")
        return
    if _too_wide(headings, shown, whole):
        if any(headings):
            shown = [line for row in shown for line in _block(headings, row)]
            headings = ("", "")
        whole = len(headings) - 1
    table = Table(
        box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0),
        show_header=any(headings),
    )  # fmt: skip
    for index, heading in enumerate(headings):
        table.add_column(Text(heading), overflow="fold", no_wrap=index < whole)
    for row in shown:
        table.add_row(*row)
    out.print(table, soft_wrap=False)


def _too_wide(headings: Sequence[str], rows: Sequence[Sequence[Text]], whole: int) -> bool:
    """Whether the columns that are not broken leave too little for the others."""
    widths = [
        max(map(cell_len, column)) for column in zip(headings, *map(_plain, rows), strict=False)
    ]
    others = sum(min(width, _NARROWEST) for width in widths[whole:])
    return sum(widths[:whole]) + others + 2 * (len(widths) - 1) > out.width


def _plain(row: Sequence[Text]) -> list[str]:
    return [cell.plain for cell in row]


def _block(headings: Sequence[str], row: Sequence[Text]) -> Iterator[list[Text]]:
    """One row as lines: a heading and a cell each, without the empty cells."""
    yield from (
        [Text(heading, style="dim"), cell]
        for heading, cell in zip(headings, row, strict=False)
        if cell
    )
    yield [Text(), Text()]


def state_text(state: State) -> Text:
    """A state in its colour."""
    return styled([(state.value, STATE_STYLES[state])])


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
