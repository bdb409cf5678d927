"""`lastmile coreml`: convert, predict, check."""

import click

from lastmile.cli.coreml.convert import convert
from lastmile.cli.coreml.files import check, predict


@click.group()
def coreml() -> None:
    """Make and use Core ML files without a Mac."""


coreml.add_command(convert)
coreml.add_command(predict)
coreml.add_command(check)

__all__ = ["coreml"]
