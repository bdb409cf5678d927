"""The schedule files: read with all their faults, and read again when they change."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from lastmile.definitions import KeyLines, read_definition
from lastmile.errors import BadDefinition, Faults, LastmileError, nearest
from lastmile.jobs.report import report_in
from lastmile.reporting.plan import plan_run
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import next_slots
from lastmile.workspace import Workspace, names_in

Tell = Callable[[str], None]


class ScheduleFiles:
    """The schedules of a workspace as they were last good.

    `files` are those that can be followed. `unread` are those that never could: their slots are
    neither run nor skipped until they are mended.
    """

    def __init__(self, workspace: Workspace, tell: Tell = lambda _line: None) -> None:
        self.files: dict[str, ScheduleFile] = {}
        self.unread: set[str] = set()
        self._workspace = workspace
        self._tell = tell
        self._seen: dict[str, tuple[int, int]] = {}

    def reload(self) -> set[str]:
        """Read what has changed; the names of schedules that are new, different or gone."""
        changed = set()
        present = {}
        for path in self._workspace.schedule.glob("*.toml"):
            try:
                stat = path.stat()
            except OSError:
                continue  # it has just been taken away
            present[path.stem] = (stat.st_mtime_ns, stat.st_size)
        for name in sorted(
            present.keys() - {n for n in present if present[n] == self._seen.get(n)}
        ):
            if self._read(name):
                changed.add(name)
        for name in sorted(self._seen.keys() - present.keys()):
            self.unread.discard(name)
            if self.files.pop(name, None):
                changed.add(name)
                self._tell(f"{name}: its file is gone; it is followed no more")
        self._seen = present
        return changed

    def _read(self, name: str) -> bool:
        known = self.files.get(name)
        try:
            file = read_schedule(self._workspace, name)
        except LastmileError as error:
            way = "its last good version is followed on" if known else "it is not followed"
            self._tell(f"{name}: {way}, because\n{error}")
            if known is None:
                self.unread.add(name)
            return False
        if known is not None and file != known:
            self._tell(f"{name}: its file has changed; the new version is followed from now on")
        self.unread.discard(name)
        self.files[name] = file
        return file != known


def read_schedule(workspace: Workspace, name: str) -> ScheduleFile:
    """The schedule `name`; its report and pool are known to the workspace.

    Raises:
        UnknownName, BadDefinition, Faults.
    """
    path = workspace.definition("schedule", name)
    shown = workspace.shown(path)
    file = read_definition(path, ScheduleFile, shown=shown)
    faults = list(_unknown(workspace, path, file))
    if faults:
        raise faults[0] if len(faults) == 1 else Faults(faults)
    return file


def _unknown(workspace: Workspace, path: Path, file: ScheduleFile) -> Iterator[BadDefinition]:
    known = {"report": names_in(workspace.reports), "pool": list(workspace.settings.pools)}
    for key, value in (("report", file.report), ("pool", file.pool)):
        if value and value not in known[key]:
            fix = nearest(value, known[key])
            if key == "pool" and not known[key]:
                fix = f"add `[tool.lastmile.pools]` with `{value} = 1` to pyproject.toml"
            yield BadDefinition(
                f"there is no {key} `{value}`", where=_where(workspace, path, key), fix=fix
            )


def _where(workspace: Workspace, path: Path, key: str) -> str:
    line = KeyLines(path.read_text(encoding="utf-8")).find((key,))
    return f"{workspace.shown(path)}:{line}"


def check_schedules(workspace: Workspace, now: datetime) -> tuple[int, list[LastmileError]]:
    """How many schedules there are, and every fault of all of them.

    What a run would refuse is a fault as well: a notebook that is missing, a parameter that is
    unknown.
    """
    faults: list[LastmileError] = []
    names = names_in(workspace.schedule)
    for name in names:
        try:
            file = read_schedule(workspace, name)
            _plan(workspace, name, file, now)
        except Faults as several:
            faults += several.faults
        except LastmileError as error:
            faults.append(error)
    return len(names), faults


def _plan(workspace: Workspace, name: str, file: ScheduleFile, now: datetime) -> None:
    """Plan the run of the next slot, so that nothing is found out at night.

    Raises:
        LastmileError: a run would be refused.
    """
    coming = next_slots(name, file, now, 1)
    at = (coming[0].scheduled_for if coming else now).astimezone(file.zone)
    report = report_in(workspace, file.report)
    try:
        plan_run(report, file.parameters, as_of=at, now=now)
    except LastmileError as error:
        where = _where(workspace, workspace.definition("schedule", name), "parameters")
        for fault in error.faults if isinstance(error, Faults) else (error,):
            fault.where = where
        raise
