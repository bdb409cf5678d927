"""`lastmile report run`."""

from typing import TYPE_CHECKING

import click

from lastmile.cli.output import (
    STATE_STYLES,
    complain,
    note,
    path_shown,
    run_as_json,
    say,
    say_json,
    say_table,
    styled,
)
from lastmile.cli.progress import cell_progress
from lastmile.cli.report.asking import with_plan
from lastmile.cli.report.options import ReportCommand
from lastmile.cli.state import Door, executor_option
from lastmile.values import DeliveryState, Run, show_duration, show_size

if TYPE_CHECKING:
    from lastmile.reporting.plan import Plan
    from lastmile.store import RunLog


@click.command(
    cls=ReportCommand,
    epilog="""
\b
Examples:
  lastmile report run seattle-weather
  lastmile report run seattle-weather --month 2014-07 --units imperial
  lastmile report run seattle-weather -p month=previous_month --as-of 2014-08-01
  lastmile report run seattle-weather --format html --open
  lastmile report run seattle-weather --deliver readers
  lastmile report run seattle-weather --deliver ann@example.org --deliver ./shared

\b
A run by hand is delivered to nobody but those behind --deliver; `readers` are those whom the
report's [[deliver]] tables name. Its owners then hear of a failure.
""",
)
@with_plan
@executor_option
@click.option(
    "--deliver",
    "words",
    multiple=True,
    metavar="TARGET",
    help="Send it to an address, a chat, a webhook, a store, a folder, or to `readers`.",
)
@click.option("--open", "open_", is_flag=True, help="Open the page in a browser when done.")
@click.option("--json", "as_json", is_flag=True, help="Print the run for programs.")
def run(door: Door, plan: "Plan", words: tuple[str, ...], open_: bool, as_json: bool) -> int:
    """Run the report NAME once and publish its pages.

    With --deliver and a `for` in its [[deliver]] tables, once for each of those values.
    """
    from lastmile.jobs.recipients import begun_now, plans_for
    from lastmile.store import RunLog

    plans = plans_for(door.workspace, plan, words)
    with RunLog(door.workspace.store_url) as log:
        runs = [_produced(door, log, begun_now(one), quiet=as_json) for one in plans]
        if words:
            _deliver(door, log, quiet=as_json)
    if as_json:
        told = [run_as_json(done) for done in runs]
        say_json(told if len(told) > 1 else told[0])
    for done in runs:
        if not as_json:
            tell_run(done)
        if open_ and done.folder:
            click.launch(str(done.folder / done.files[0]))
    return 0 if all(done.state.good for done in runs) else 1


def _produced(door: Door, log: "RunLog", plan: "Plan", *, quiet: bool) -> Run:
    from lastmile.jobs.report import place_in, reconcile
    from lastmile.jobs.retry import produce_with_retries

    with cell_progress(plan.report.name, quiet=quiet) as observer:
        reconcile(place_in(door.workspace, log), tell=note)
        return produce_with_retries(
            plan, place_in(door.workspace, log), observer=observer, on_retry=tell_retry
        )


def _deliver(door: Door, log: "RunLog", *, quiet: bool) -> None:
    """Make the first attempts at once; what does not go now stays in the outbox."""
    from lastmile.jobs.deliver import send_due

    done = send_due(door.workspace, log)
    for delivery in done.made:
        if not quiet:
            style = "" if delivery.state is DeliveryState.SENT else "yellow"
            note(f"  {delivery.state.value}  {delivery.address}  {delivery.reason}".rstrip(), style)
    if not quiet and any(delivery.state.open for delivery in done.made):
        note("  `lastmile deliver run` tries again", "dim")


def tell_retry(run: Run, seconds: float) -> None:
    """Say why a run is tried again, and when."""
    note(f"  {run.cause}; again in {show_duration(seconds)}")


def tell_run(run: Run) -> None:
    """What became of a run, and where its files are."""
    told = f"  {run.report} {run.key}  {show_duration(run.seconds or 0)}"
    state = (run.state.value, STATE_STYLES[run.state])
    say_table(("",), [[styled([state, (told, "default")])]])
    if run.cause:
        complain(f"  {run.cause}")
    for name in run.files:
        if run.folder and name != "run.json":
            path = run.folder / name
            say(f"  {path_shown(path)}  {show_size(path.stat().st_size)}")
