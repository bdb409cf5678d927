"""`lastmile schedule now`."""

import click

from lastmile.cli.output import complain_error, note, say_json
from lastmile.cli.progress import cell_progress
from lastmile.cli.report.run import tell_run
from lastmile.cli.schedule.status import slot_as_json
from lastmile.cli.state import Door, with_door


@click.command(
    epilog="""
\b
Examples:
  lastmile schedule now seattle-weather
  lastmile schedule now seattle-weather --slot 2026-11-01T14:30
"""
)
@click.argument("name")
@click.option("--slot", "instant", metavar="INSTANT", help="A slot that was due; UTC without zone.")
@click.option("--json", "as_json", is_flag=True, help="Print the slot and its run for programs.")
@with_door
def now(door: Door, name: str, instant: str | None, as_json: bool) -> int:
    """Run the schedule NAME right now, as a slot of its own, or a slot again that was due.

    Parameters, logical date and deliveries are those of the schedule, unlike with `report run`.
    """
    from lastmile.jobs.schedule.by_hand import run_by_hand
    from lastmile.reporting.moments import read_logical_date

    at = read_logical_date(instant) if instant else None
    with cell_progress(name, quiet=as_json) as observer:
        slot, answer = run_by_hand(door.workspace, name, at, observer, tell=note)
    if as_json:
        say_json(slot_as_json(slot, answer.run))
    elif answer.run:
        tell_run(answer.run)
    if answer.fault:
        complain_error(answer.fault)
    return 0 if answer.run and answer.run.state.good else 1
