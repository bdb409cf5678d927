"""`lastmile report`: one module per command."""

import click

from lastmile.cli.report.backfill import backfill
from lastmile.cli.report.compare import compare
from lastmile.cli.report.history import history
from lastmile.cli.report.plan import plan
from lastmile.cli.report.prune import prune
from lastmile.cli.report.reproduce import reproduce
from lastmile.cli.report.run import run
from lastmile.cli.report.show import show


@click.group()
def report() -> None:
    """Run reports and look at their runs."""


for command in (run, plan, backfill, show, history, compare, reproduce, prune):
    report.add_command(command)
