"""`lastmile report run`."""

from collections.abc import Sequence
from typing import Any

import click

from lastmile.cli.output import (
    complain,
    path_shown,
    run_as_json,
    say,
    say_json,
    say_table,
    state_text,
)
from lastmile.cli.progress import cell_progress
from lastmile.cli.state import Door, with_door
from lastmile.errors import BadParameter
from lastmile.values import Run, show_duration, show_size

FORMATS = ("html", "pdf")


class Formats(click.ParamType[tuple[str, ...]]):
    """Formats between commas."""

    name = "html,pdf"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        """The formats that a text names."""
        if isinstance(value, tuple):
            return value
        chosen = tuple(part.strip() for part in value.split(",") if part.strip())
        for part in chosen:
            if part not in FORMATS:
                self.fail(f"`{part}` is not a format; use one of: {', '.join(FORMATS)}", param, ctx)
        return chosen


@click.command(
    epilog="""
\b
Examples:
  lastmile report run seattle-weather
  lastmile report run seattle-weather -p month=2014-07 -p units=imperial
  lastmile report run seattle-weather --format html --open
"""
)
@click.argument("name")
@click.option(
    "-p",
    "--parameter",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a parameter; `report show NAME` lists them. Lists as a,b or JSON.",
)
@click.option("--format", "formats", type=Formats(), default=(), help="By default, the report's.")
@click.option("--open", "open_", is_flag=True, help="Open the page in a browser when done.")
@click.option("--json", "as_json", is_flag=True, help="Print the run for programs.")
@with_door
def run(
    door: Door,
    name: str,
    pairs: Sequence[str],
    formats: tuple[Any, ...],
    open_: bool,
    as_json: bool,
) -> int:
    """Run the report NAME once and publish its pages."""
    from lastmile.clock import now
    from lastmile.jobs.report import place_in, produce, report_in
    from lastmile.reporting.plan import plan_run
    from lastmile.store import RunLog

    chosen = report_in(door.workspace, name)
    plan = plan_run(chosen, parse_pairs(pairs), formats=formats, now=now())
    with RunLog(door.workspace.store_url) as log, cell_progress(name, quiet=as_json) as observer:
        log.reconcile(now=now())
        done = produce(plan, place_in(door.workspace, log), observer=observer)
    if as_json:
        say_json(run_as_json(done))
    else:
        tell_run(done)
    if open_ and done.folder:
        click.launch(str(done.folder / done.files[0]))
    return 0 if done.state.good else 1


def parse_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """Values by name from texts `name=value`."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadParameter(pair, value=pair, reason="write it as KEY=VALUE")
        values[name.strip()] = value
    return values


def tell_run(run: Run) -> None:
    """What became of a run, and where its files are."""
    line = state_text(run.state)
    line.append(f"  {run.report} {run.key}  {show_duration(run.seconds or 0)}", style="default")
    say_table(("",), [[line]])
    if run.cause:
        complain(f"  {run.cause}")
    for name in run.files:
        if run.folder and name != "run.json":
            path = run.folder / name
            say(f"  {path_shown(path)}  {show_size(path.stat().st_size)}")
