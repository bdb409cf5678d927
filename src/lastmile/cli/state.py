"""What every command is handed: the workspace that it was called in."""

from dataclasses import dataclass, field
from pathlib import Path

import click

from lastmile.workspace import Workspace, find_workspace


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


with_door = click.make_pass_decorator(Door)
