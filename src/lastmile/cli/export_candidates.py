"""`lastmile export candidates`: the report that compares several estimators."""

import click

from lastmile.cli.output import note, run_as_json, say_json
from lastmile.cli.progress import cell_progress
from lastmile.cli.report.run import tell_run
from lastmile.cli.state import Door, with_door


@click.command(
    epilog="""
\b
Examples:
  lastmile export candidates rain-tomorrow
  lastmile export candidates rain-tomorrow --open

\b
The export's [candidates] table names the estimators and the rows that judge them. This runs the
report `candidates`, which is put into the workspace if it is not there.
"""
)
@click.argument("name")
@click.option("--open", "open_", is_flag=True, help="Open the page in a browser when done.")
@click.option("--json", "as_json", is_flag=True, help="Print the run for programs.")
@with_door
def candidates(door: Door, name: str, open_: bool, as_json: bool) -> int:
    """Draw quality against time and size of the estimators that the export NAME could be."""
    from lastmile.jobs.candidates import produce_candidates, put_report

    for path in put_report(door.workspace, name):
        note(f"put into the workspace: {path}")
    with cell_progress(f"candidates of {name}", quiet=as_json) as observer:
        run = produce_candidates(door.workspace, name, observer=observer, tell=note)
    if as_json:
        say_json(run_as_json(run))
    else:
        tell_run(run)
    if open_ and run.folder:
        click.launch(str(run.folder / run.files[0]))
    return 0 if run.state.good else 1
