"""`lastmile report run`."""

from typing import TYPE_CHECKING

import click

from lastmile.cli.output import (
    complain,
    note,
    path_shown,
    run_as_json,
    say,
    say_json,
    say_table,
    state_text,
)
from lastmile.cli.progress import cell_progress
from lastmile.cli.report.asking import with_plan
from lastmile.cli.report.options import ReportCommand
from lastmile.cli.state import Door
from lastmile.values import Run, show_duration, show_size

if TYPE_CHECKING:
    from lastmile.reporting.plan import Plan


@click.command(
    cls=ReportCommand,
    epilog="""
\b
Examples:
  lastmile report run seattle-weather
  lastmile report run seattle-weather --month 2014-07 --units imperial
  lastmile report run seattle-weather -p month=previous_month --as-of 2014-08-01
  lastmile report run seattle-weather --format html --open
""",
)
@with_plan
@click.option("--open", "open_", is_flag=True, help="Open the page in a browser when done.")
@click.option("--json", "as_json", is_flag=True, help="Print the run for programs.")
def run(door: Door, plan: "Plan", open_: bool, as_json: bool) -> int:
    """Run the report NAME once and publish its pages."""
    from lastmile.jobs.report import place_in, reconcile
    from lastmile.jobs.retry import produce_with_retries
    from lastmile.store import RunLog

    with (
        RunLog(door.workspace.store_url) as log,
        cell_progress(plan.report.name, quiet=as_json) as observer,
    ):
        reconcile(place_in(door.workspace, log))
        done = produce_with_retries(
            plan, place_in(door.workspace, log), observer=observer, on_retry=tell_retry
        )
    if as_json:
        say_json(run_as_json(done))
    else:
        tell_run(done)
    if open_ and done.folder:
        click.launch(str(done.folder / done.files[0]))
    return 0 if done.state.good else 1


def tell_retry(run: Run, seconds: float) -> None:
    """Say why a run is tried again, and when."""
    note(f"  {run.cause}; again in {show_duration(seconds)}")


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
