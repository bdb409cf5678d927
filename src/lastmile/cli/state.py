"""What every command is handed: the workspace that it was called in."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from lastmile.workspace import EXECUTOR, Workspace, find_workspace


@dataclass(slots=True)
class Door:
    """Where the command was called; the workspace is looked for when first asked for."""

    start: Path
    _found: Workspace | None = field(default=None)

    @property
    def workspace(self) -> Workspace:
        """The workspace around `start`.

        Raises:
            NoWorkspace, BadDefinition, Faults.
        """
        if self._found is None:
            self._found = find_workspace(self.start)
        return self._found

    def choose_executor(self, address: str) -> None:
        """Let notebooks run there, whatever the settings say."""
        settings = self.workspace.settings.model_copy(update={"executor": address})
        self._found = replace(self.workspace, settings=settings)


def _chosen(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    if not re.match(EXECUTOR, value):
        raise click.BadParameter("write local or dask://HOST:PORT, such as dask://scheduler:8786")
    ctx.find_object(Door).choose_executor(value)  # type: ignore[union-attr]  # always there


executor_option = click.option(
    "--executor",
    metavar="WHERE",
    expose_value=False,
    callback=_chosen,
    help="Where the notebook runs: local, or dask://HOST:8786.",
)

with_door = click.make_pass_decorator(Door)
