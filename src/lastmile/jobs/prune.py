"""Remove publications that their report need not keep any longer; the run log keeps its rows."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from lastmile.definitions import read_definition
from lastmile.errors import LastmileError, NotWritable, RunUnknown
from lastmile.reporting.definition import ReportFile
from lastmile.reporting.publication import latest_good, read_record
from lastmile.reporting.retention import outdated, parse_keep
from lastmile.store import RunLog
from lastmile.values import State
from lastmile.workspace import Workspace, names_in

_DOOMED = ".pruned-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A publication on disk; `started` and `state` are those of its record, `size` in bytes."""

    key: str
    folder: Path
    started: datetime
    state: State
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What becomes of a report's publications; with an empty `keep` nothing is removed."""

    report: str
    keep: str
    removed: tuple[Published, ...]
    kept: int

    @property
    def freed(self) -> int:
        """The bytes that the removed ones took."""
        return sum(published.size for published in self.removed)


def plan_pruning(workspace: Workspace, log: RunLog, name: str, *, now: datetime) -> Pruning:
    """Which publications of the report `name` are outdated.

    The newest good one, that which `latest` points to, and those of runs that have not ended are
    kept in any case.

    Raises:
        UnknownName, BadDefinition, Faults: the definition is not right.
    """
    path = workspace.definition("report", name)
    file = read_definition(path, ReportFile, shown=workspace.shown(path))
    published = list(_published(workspace.reports / "_built" / name))
    if not file.keep:
        return Pruning(report=name, keep="", removed=(), kept=len(published))
    old = outdated([(p.key, p.started) for p in published], parse_keep(file.keep), now=now)
    safe = _safe(workspace, log, name, published)
    removed = tuple(one for one in published if one.key in old - safe)
    return Pruning(report=name, keep=file.keep, removed=removed, kept=len(published) - len(removed))


def prune(workspace: Workspace, log: RunLog, name: str, *, now: datetime) -> Pruning:
    """Remove the outdated publications of the report `name`.

    A folder is renamed out of its readers' sight before it is deleted; what a crash leaves behind
    goes with the next call.

    Raises:
        UnknownName, BadDefinition, Faults: the definition is not right.
        NotWritable: a folder cannot be removed.
    """
    pruning = plan_pruning(workspace, log, name, now=now)
    for one in pruning.removed:
        _forget(log, one.key)
        doomed = one.folder.with_name(f".{one.key}{_DOOMED}{uuid4().hex[:8]}")
        try:
            one.folder.rename(doomed)
        except FileNotFoundError:
            continue  # another process removes the same ones
        except OSError as error:
            raise NotWritable(str(one.folder), error.strerror or str(error)) from error
    if pruning.keep:
        for doomed in (workspace.reports / "_built" / name).glob(f".*{_DOOMED}*"):
            shutil.rmtree(doomed, ignore_errors=True)
    return pruning


def reports_of(workspace: Workspace, name: str | None) -> Sequence[str]:
    """The report that was asked for, or all."""
    return [name] if name else names_in(workspace.reports)


def _published(folder: Path) -> Iterator[Published]:
    for path in sorted(folder.glob("*/run.json")):
        place = path.parent
        if place.is_symlink() or place.name.startswith("."):
            continue
        try:
            record = read_record(place)
            started = datetime.fromisoformat(str(record["started"]))
            if record["key"] != place.name or started.tzinfo is None:
                continue
            state = State(record["state"])
        except (LastmileError, KeyError, ValueError):
            continue  # not ours, or damaged: a person should look at it
        files = [file for file in place.rglob("*") if file.is_file() and not file.is_symlink()]
        size = sum(file.stat().st_size for file in files)
        yield Published(key=place.name, folder=place, started=started, state=state, size=size)


def _safe(
    workspace: Workspace, log: RunLog, name: str, published: Sequence[Published]
) -> frozenset[str]:
    good = [one for one in published if one.state.good]
    newest = max(good, key=lambda one: (one.started, one.key), default=None)
    latest = latest_good(workspace.reports / "_built", name)
    busy = (one.key for one in published if not _ended(log, one.key))
    return frozenset(key for key in (newest and newest.key, latest, *busy) if key)


def _ended(log: RunLog, key: str) -> bool:
    try:
        return log.find(key).state.ended
    except RunUnknown:
        return True


def _forget(log: RunLog, key: str) -> None:
    """Let the run stay in the log without its files.

    This comes before the removal: a folder without a row is found again on disk, but a row must
    not point to nothing.
    """
    try:
        run = log.find(key)
    except RunUnknown:
        return
    log.end(replace(run, folder=None, files=()))
