"""`lastmile report compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lastmile.cli.output import note, path_shown, say, say_json
from lastmile.cli.state import Door, with_door

if TYPE_CHECKING:
    from lastmile.reporting.comparison.changes import Comparison, TableChange, ValueChange


@click.command(
    epilog="""
\b
A run is named by its key; by its report, which means the newest good run; by NAME~1, the good run
before that; or by latest and latest~1. With A alone, A is compared with the good run before it.

\b
Examples:
  lastmile report compare seattle-weather
  lastmile report compare seattle-weather~1 latest --html changes.html
  lastmile report compare 20261122-191001-6544 20261122-192858-2e58 --json

\b
Exit codes are those of diff: 0 the outputs are equal, 1 they differ, 2 there is nothing to compare.
"""
)
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", default="")
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write a page that shows both sides.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print all changes for programs.")
@with_door
def compare(door: Door, first: str, second: str, page: Path | None, as_json: bool) -> int:
    """Say what changed from run A to run B: values, tables, texts, figures, and why."""
    from lastmile.jobs.compare import compare_runs, find_pair
    from lastmile.reporting.comparison import comparison_as_json
    from lastmile.store import RunLog

    with RunLog(door.workspace.store_url) as log:
        before, after = find_pair(door.workspace, log, first, second)
    comparison = compare_runs(before, after)
    if page:
        _write(door, comparison, page, after.report)
    if as_json:
        say_json(comparison_as_json(comparison))
    else:
        say(f"{before.key} -> {after.key}", "dim")
        tell(comparison)
    if page:
        note(path_shown(page.resolve()))
    return 0 if comparison.equal else 1


def _write(door: Door, comparison: "Comparison", page: Path, report: str) -> None:
    from lastmile.atomic import write_text
    from lastmile.jobs.report import report_in
    from lastmile.reporting.comparison import render_comparison

    write_text(
        page, render_comparison(comparison, title=report_in(door.workspace, report).file.title)
    )


def tell(comparison: "Comparison", *, environment_first: bool = False) -> None:
    """What differs, one line each; outputs first, then what may be the reason."""
    from lastmile.reporting.comparison.changes import differing
    from lastmile.reporting.comparison.wording import count

    if environment_first:
        _tell_values("made from", comparison.environment)
    _tell_outputs(comparison)
    changed, total = differing(comparison.outputs), count(len(comparison.outputs), "output")
    if comparison.equal:
        say(f"equal: {total}", "green")
    else:
        say(f"{len(changed)} of {total} differ", "yellow")
    _tell_values("parameter", differing(comparison.parameters))
    for source in differing(comparison.sources):
        say(f"cell      {source.place}: {source.status}")
    if not environment_first:
        _tell_values("made from", comparison.environment)


def _tell_outputs(comparison: "Comparison") -> None:
    from lastmile.reporting.comparison.changes import differing
    from lastmile.reporting.comparison.wording import share_shown

    _tell_values("state", differing([comparison.state]))
    _tell_values("recorded", differing(comparison.recorded))
    for table in differing(comparison.tables):
        say(f"table     {table.place}: {_table_words(table)}")
    for figure in differing(comparison.figures):
        words = share_shown(figure) if figure.share is not None else figure.remark or figure.status
        say(f"figure    {figure.place}: {words}")
    for text in differing(comparison.texts):
        say(f"text      {text.place}: {text.status}")


def _table_words(table: "TableChange") -> str:
    from lastmile.reporting.comparison.wording import count

    if table.status != "changed":
        return table.status
    parts = [f"{len(table.fields):,} of {count(table.compared, 'field')} differ"]
    for what in ("rows_added", "rows_removed", "columns_added", "columns_removed"):
        if names := getattr(table, what):
            thing, how = what.split("_")
            parts.append(f"{count(len(names), thing.removesuffix('s'))} {how}")
    return ", ".join(parts)


def _tell_values(kind: str, changes: "Sequence[ValueChange]") -> None:
    from lastmile.reporting.comparison.wording import amount, short

    for change in changes:
        before, after = short(change.before, 40), short(change.after, 40)
        words = {"added": f"added: {after}", "removed": f"removed: {before}"}.get(
            change.status, f"{before} -> {after}"
        )
        if change.difference is not None:
            ratio = f", × {amount(change.ratio, sign=False)}" if change.ratio is not None else ""
            words += f"  ({amount(change.difference)}{ratio})"
        say(f"{kind:<9} {change.name}: {words}")
