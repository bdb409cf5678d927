"""`lastmile schedule check`."""

import click

from lastmile.cli.output import say, say_json
from lastmile.cli.state import Door, with_door


@click.command(epilog="\b\nExample:\n  lastmile schedule check --json")
@click.option("--json", "as_json", is_flag=True, help="Print the faults for programs.")
@with_door
def check(door: Door, as_json: bool) -> None:
    """Read all schedules and tell every fault of them at once.

    What a run would refuse is a fault as well: a report or notebook that is not there, a parameter
    that its notebook does not declare.
    """
    from lastmile.clock import now
    from lastmile.errors import raise_faults
    from lastmile.jobs.schedule.checking import check_schedules

    count, faults = check_schedules(door.workspace, now())
    raise_faults(faults)
    if as_json:
        say_json({"schedules": count, "errors": []})
    elif count:
        say(f"{count} {'schedule is' if count == 1 else 'schedules are'} right", "green")
    else:
        say("no schedules yet: a schedule is a file schedule/NAME.toml", "dim")
