"""`lastmile report history`."""

import click

from lastmile.cli.output import note, run_as_json, say, say_json, say_runs
from lastmile.cli.state import Door, with_door


@click.command(
    epilog="""
\b
Examples:
  lastmile report history
  lastmile report history seattle-weather -n 50 --json
"""
)
@click.argument("name", required=False)
@click.option("-n", "limit", default=20, show_default=True, type=click.IntRange(1), help="Runs.")
@click.option("--json", "as_json", is_flag=True, help="Print the runs for programs.")
@with_door
def history(door: Door, name: str | None, limit: int, as_json: bool) -> None:
    """Show runs with state, duration and cause, the newest first."""
    from lastmile.jobs.report import place_in, reconcile
    from lastmile.store import RunLog

    if name:
        door.workspace.definition("report", name)
    with RunLog(door.workspace.store_url) as log:
        reconcile(place_in(door.workspace, log), tell=note)
        runs = log.history(name, limit=limit)
    if as_json:
        say_json([run_as_json(run) for run in runs])
        return
    say_runs(runs, of_one_report=name is not None)
    if not runs:
        say("no runs yet", "dim")
