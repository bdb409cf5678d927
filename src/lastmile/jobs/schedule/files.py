"""The schedule files: read with all their faults, and read again when they change."""

from collections.abc import Callable, Iterator
from pathlib import Path

from lastmile.definitions import KeyLines, read_definition
from lastmile.errors import BadDefinition, Faults, LastmileError, nearest
from lastmile.scheduling.definition import ScheduleFile
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
                f"there is no {key} `{value}`", where=line_of(workspace, path, key), fix=fix
            )


def line_of(workspace: Workspace, path: Path, key: str) -> str:
    """Where a message says that a key of the file at `path` stands."""
    line = KeyLines(path.read_text(encoding="utf-8")).find((key,))
    return f"{workspace.shown(path)}:{line}"
