"""What a workspace holds: its reports, schedules and exports, one line each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lastmile.definitions import Definition, KeyLines, read_definition
from lastmile.errors import BadDefinition, LastmileError, nearest
from lastmile.exporting.definition import ExportFile
from lastmile.reporting.definition import ReportFile
from lastmile.scheduling.definition import ScheduleFile
from lastmile.workspace import Workspace, names_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One definition. `fault` is the error where the file cannot be understood."""

    kind: str
    name: str
    title: str = ""
    detail: str = ""
    fault: str = ""


def _report(file: Definition) -> tuple[str, str]:
    assert isinstance(file, ReportFile)
    return file.title, f"{file.notebook} -> {', '.join(file.formats)}"


def _schedule(file: Definition) -> tuple[str, str]:
    assert isinstance(file, ScheduleFile)
    rhythm = file.cron or f"every {(file.every or '').removeprefix('every ')}"
    paused = f", paused: {file.paused}" if file.paused else ""
    return f"report {file.report}", f"{rhythm} ({file.timezone}){paused}"


def _export(file: Definition) -> tuple[str, str]:
    assert isinstance(file, ExportFile)
    return file.title, f"{file.version} -> {', '.join(file.targets)}"


_KINDS: Mapping[str, tuple[type[Definition], Callable[[Definition], tuple[str, str]]]] = (
    MappingProxyType(
        {
            "report": (ReportFile, _report),
            "schedule": (ScheduleFile, _schedule),
            "export": (ExportFile, _export),
        }
    )
)


def list_workspace(workspace: Workspace) -> list[Entry]:
    """All definitions of a workspace; one that is broken is listed with its fault."""
    folders = (workspace.reports, workspace.schedule, workspace.exports)
    return [
        entry
        for kind, folder in zip(_KINDS, folders, strict=True)
        for entry in _entries(workspace, kind, folder)
    ]


def _entries(workspace: Workspace, kind: str, folder: Path) -> Iterator[Entry]:
    model, describe = _KINDS[kind]
    for name in names_in(folder):
        path = folder / f"{name}.toml"
        try:
            file = read_definition(path, model, shown=workspace.shown(path))
            _demand_report(workspace, path, file)
            title, detail = describe(file)
        except LastmileError as error:
            yield Entry(kind=kind, name=name, fault=str(error))
        else:
            yield Entry(kind=kind, name=name, title=title, detail=detail)


def _demand_report(workspace: Workspace, path: Path, file: Definition) -> None:
    """A schedule names a report that exists."""
    known = names_in(workspace.reports)
    if isinstance(file, ScheduleFile) and file.report not in known:
        shown = workspace.shown(path)
        line = KeyLines(path.read_text(encoding="utf-8")).find(("report",))
        raise BadDefinition(
            f"there is no report `{file.report}`",
            where=f"{shown}:{line}",
            fix=nearest(file.report, known),
        )
