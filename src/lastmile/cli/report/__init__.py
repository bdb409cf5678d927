"""`lastmile report`: one module per command."""

import click

from lastmile.cli.report.history import history
from lastmile.cli.report.run import run
from lastmile.cli.report.show import show


@click.group()
def report() -> None:
    """Run reports and look at their runs."""


for command in (run, show, history):
    report.add_command(command)
