"""`lastmile report backfill`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from lastmile.cli.output import err, note, run_as_json, say, say_json, styled
from lastmile.cli.progress import moving_picture
from lastmile.cli.report.options import parse_pairs
from lastmile.cli.state import Door, executor_option, with_door
from lastmile.errors import BadParameter
from lastmile.reporting.kinds import takes_many
from lastmile.reporting.written import NoLiteral, split_items

if TYPE_CHECKING:
    from rich.text import Text

    from lastmile.jobs.backfill import Outcome
    from lastmile.reporting.grid import Slot
    from lastmile.reporting.plan import Report

SIGNS = {
    "waiting": ("·", "dim"),
    "running": ("▸", "cyan"),
    "good": ("■", "green"),
    "bad": ("✗", "bold red"),
    "kept": ("□", "green"),
}


@click.command(
    epilog="""
\b
Examples:
  lastmile report backfill seattle-weather --from 2014-01 --to 2015-12 -p month=this_month
  lastmile report backfill sales --from 2026-01-05 --to 2026-03-30 --every week --jobs 2
  lastmile report backfill sales --from 2026-01 --to 2026-06 -p region=north,south
"""
)
@click.argument("name")
@click.option("--from", "first", required=True, metavar="DATE", help="First logical date.")
@click.option("--to", "last", required=True, metavar="DATE", help="Last logical date.")
@click.option(
    "--every",
    "step",
    type=click.Choice(["month", "week", "day"]),
    help="Step of the grid; by default what the dates say.",
)
@click.option(
    "-p",
    "--parameter",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE[,VALUE]",
    help="Set a parameter; several values make several runs a date.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), help="Runs at a time; by default 1, or all of a cluster."
)
@executor_option
@click.option("--force", is_flag=True, help="Run again what has a good run already.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes for programs.")
@with_door
def backfill(door: Door, /, name: str, first: str, last: str, **options: Any) -> int:
    """Run the report NAME for each date of a range and each value given.

    What has a good run of the same plan already is kept, so a backfill that was interrupted goes on
    where it stopped. The exit code is 0 when every slot has a good run.
    """
    from lastmile.jobs.backfill import backfill as fill
    from lastmile.jobs.far import backfill_far
    from lastmile.jobs.report import report_in
    from lastmile.reporting.grid import slots

    report = report_in(door.workspace, name)
    mended: list[str] = []
    grid = slots(first, last, step=options["step"], given=_several(report, options["pairs"]))
    with _live(name, grid, quiet=options["as_json"]) as on_change:
        far = door.workspace.settings.executor != "local"
        outcomes = (backfill_far if far else fill)(
            door.workspace,
            name,
            grid,
            jobs=options["jobs"] or (0 if far else 1),
            force=options["force"],
            on_change=on_change,
            tell=mended.append,
        )
    for line in mended:
        note(line)
    if options["as_json"]:
        say_json([_as_json(outcome) for outcome in outcomes])
    else:
        _tell(outcomes)
    return 0 if all(outcome.progress in ("good", "kept") for outcome in outcomes) else 1


def _several(report: "Report", pairs: Sequence[str]) -> dict[str, list[str]]:
    """The values of each parameter; for one that holds several, what is given is one value."""
    kinds = {p.name: p.type for p in report.parameters}
    values: dict[str, list[str]] = {}
    for name, text in parse_pairs(pairs).items():
        kind = kinds.get(name)
        bracket = kind is not str and text.lstrip().startswith(("[", "(", "{"))
        try:
            one = bracket or not text.strip() or takes_many(kind)
            values[name] = [text] if one else split_items(text)
        except NoLiteral as error:
            raise BadParameter(name, value=text, reason=str(error)) from error
    return values


@contextmanager
def _live(
    name: str, grid: "Sequence[Slot]", *, quiet: bool
) -> "Iterator[Callable[[int, str], None]]":
    """The grid of states: signs that change on a terminal, a line for each end elsewhere."""
    states = ["waiting"] * len(grid)
    if err.is_terminal and not quiet:
        with moving_picture(_picture(name, grid, states)) as draw:

            def change(index: int, progress: str) -> None:
                states[index] = progress
                draw(_picture(name, grid, states))

            yield change
        return
    yield (
        lambda index, progress: (
            None
            if quiet or progress in ("running", "waiting")
            else note(f"  {grid[index].label}: {progress}")
        )
    )


def _picture(name: str, grid: "Sequence[Slot]", states: Sequence[str]) -> "Text":
    """One line a combination of values and year: `2014 region=a ■■■▸····`."""
    counts = [
        (f"{mark} {sign} {states.count(sign)}  ", style) for sign, (mark, style) in SIGNS.items()
    ]
    lines: dict[str, list[tuple[str, str]]] = {}
    for slot, state in zip(grid, states, strict=True):
        values = " ".join(f"{key}={value}" for key, value in slot.given.items())
        head = f"{slot.logical_date:%Y} {values}".strip()
        lines.setdefault(head, [(f"{head}  ", "")]).append(SIGNS[state])
    return styled([(f"{name}  ", ""), *counts], *lines.values())


def _tell(outcomes: "Sequence[Outcome]") -> None:
    counts = {sign: sum(o.progress == sign for o in outcomes) for sign in ("good", "kept", "bad")}
    for outcome in outcomes:
        if outcome.progress == "bad":
            cause = outcome.fault or (outcome.run and str(outcome.run.cause)) or "unknown"
            say(f"  {outcome.slot.label}: {cause}", "red")
    for reason in dict.fromkeys(outcome.apart for outcome in outcomes if outcome.apart):
        say(f"  the beginning was not shared: {reason}", "yellow")
    say(f"{counts['good']} run, {counts['kept']} kept, {counts['bad']} bad", "bold")


def _as_json(outcome: "Outcome") -> dict[str, Any]:
    return {
        "logical_date": outcome.slot.logical_date.isoformat(),
        "given": dict(outcome.slot.given),
        "progress": outcome.progress,
        "fault": outcome.fault,
        "not_shared": outcome.apart,
        "run": run_as_json(outcome.run) if outcome.run else None,
    }
