"""`lastmile report reproduce`."""

import click

from lastmile.cli.output import note, say, say_json
from lastmile.cli.progress import cell_progress
from lastmile.cli.report.compare import tell
from lastmile.cli.state import Door, with_door


@click.command(
    epilog="""
\b
Examples:
  lastmile report reproduce 20261122-191001-6544
  lastmile report reproduce seattle-weather --json

\b
RUN is a run's key, or as `report compare` takes it. Exit codes: 0 every output is as it was,
1 some are not, 2 the run cannot be repeated.
"""
)
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison for programs.")
@with_door
def reproduce(door: Door, run: str, as_json: bool) -> int:
    """Run RUN again with its notebook, parameters and logical date; say which outputs are equal."""
    from lastmile.jobs.compare import find_run
    from lastmile.jobs.report import place_in, reconcile
    from lastmile.jobs.reproduce import reproduce as repeat
    from lastmile.reporting.comparison import comparison_as_json
    from lastmile.store import RunLog

    with RunLog(door.workspace.store_url) as log:
        reconcile(place_in(door.workspace, log), tell=note)
        original = find_run(door.workspace, log, run)
        with cell_progress(original.report, quiet=as_json) as observer:
            again = repeat(original, place_in(door.workspace, log), observer=observer)
    if as_json:
        changes = comparison_as_json(again.comparison)
        say_json({"run": again.run.key, "reproduces": original.key,
                  "same_plan": again.same_plan, **changes})  # fmt: skip
    else:
        say(f"{original.key} again: {again.run.key}, {again.run.state}", "dim")
        if not again.same_plan:
            note("the plan is not the recorded one: data, or how rules are read, has changed")
        tell(again.comparison, environment_first=True)
    return 0 if again.equal else 1
