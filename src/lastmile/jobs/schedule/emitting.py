"""Write what another scheduler needs to keep the schedules of a workspace."""

import sys
from collections.abc import Sequence
from pathlib import Path

from lastmile.atomic import write_text
from lastmile.clock import now
from lastmile.definitions import read_definition
from lastmile.errors import LastmileError, raise_faults
from lastmile.jobs.schedule.files import read_schedule
from lastmile.reporting.definition import ReportFile
from lastmile.scheduling.emit import Setting, Target, emit
from lastmile.workspace import Workspace, names_in


def emit_files(
    workspace: Workspace,
    target: Target,
    names: Sequence[str],
    output: Path,
    *,
    root: str = "",
    program: str = "",
    image: str = "",
) -> list[Path]:
    """Write the files for `target` below `output`; of the schedules `names`, or of all.

    `root` and `program` are the workspace and the command where the schedules will be kept; by
    default those of this machine.

    Raises:
        UnknownName, BadDefinition, NotWritable, Faults.
    """
    schedules, faults = {}, []
    for name in names or names_in(workspace.schedule):
        try:
            schedules[name] = read_schedule(workspace, name)
        except LastmileError as error:
            faults.append(error)
    raise_faults(faults)
    setting = Setting(
        root=root or str(workspace.root),
        program=program or str(Path(sys.executable).with_name("lastmile")),
        year=now().year,
        delivering=frozenset(
            file.report for file in schedules.values() if _delivers(workspace, file.report)
        ),
        **({"image": image} if image else {}),
    )
    written = []
    for name, text in emit(target, schedules, setting).items():
        write_text(output / name, text)
        written.append(output / name)
    return written


def _delivers(workspace: Workspace, report: str) -> bool:
    path = workspace.definition("report", report)
    file = read_definition(path, ReportFile, shown=workspace.shown(path))
    return bool(file.deliver or file.owners)
