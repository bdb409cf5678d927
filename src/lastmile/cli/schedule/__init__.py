"""`lastmile schedule`: one module per command."""

import click

from lastmile.cli.schedule.check import check
from lastmile.cli.schedule.emit import emit
from lastmile.cli.schedule.freshness import freshness
from lastmile.cli.schedule.next import next_
from lastmile.cli.schedule.now import now
from lastmile.cli.schedule.run import run, tick
from lastmile.cli.schedule.status import status


@click.group()
def schedule() -> None:
    """Run reports when they are due, each slot once."""


for command in (next_, check, run, tick, status, freshness, now, emit):
    schedule.add_command(command)
