"""`latest` and the run log compared, where a process was killed between telling the two.

A run is published, then its end is recorded, then `latest` is moved. What is killed in between
leaves a link behind that no later run would move, if there is none.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lastmile.errors import NotWritable, RunUnknown
from lastmile.reporting.publication import latest_good, make_latest, remove_latest
from lastmile.store import RunLog
from lastmile.values import Run


@dataclass(frozen=True, slots=True)
class Repaired:
    """A report whose `latest` was moved; `after` is empty where no good run was left for it."""

    report: str
    before: str
    after: str

    def __str__(self) -> str:
        """What was done, in a line."""
        now = f"points to {self.after} now" if self.after else "is gone: no good run is left"
        was = f", not to {self.before}" if self.before else ""
        return f"`latest` of {self.report} {now}{was}"


def repair_latest(built: Path, log: RunLog) -> list[Repaired]:
    """Let `latest` of every report point to its newest good publication that the log knows.

    A link that the log says nothing of stays: the store may be a new one. A link that cannot be
    moved stays as well; the next call tries again.
    """
    repaired = []
    for folder in _report_folders(built):
        before = latest_good(built, folder.name) or ""
        with suppress(NotWritable):
            _repair(folder, before, log)
        after = latest_good(built, folder.name) or ""
        if after != before:
            repaired.append(Repaired(folder.name, before, after))
    return repaired


def _report_folders(built: Path) -> Iterator[Path]:
    if built.is_dir():
        for folder in sorted(built.iterdir()):
            if folder.is_dir() and not folder.is_symlink() and not folder.name.startswith("."):
                yield folder


def _repair(folder: Path, before: str, log: RunLog) -> None:
    pointed = _recorded(log, before)
    is_wrong = pointed is not None and pointed.state.ended and not pointed.state.good
    is_broken = bool(before) and not (folder / before).is_dir()
    stands = bool(before) and not is_wrong and not is_broken
    for run in log.good_runs(folder.name, since=pointed.started if stands and pointed else None):
        if stands and run.key <= before:
            return
        if (folder / run.key / "run.json").is_file():
            if is_wrong:
                remove_latest(folder)
            make_latest(replace(run, folder=folder / run.key))
            if (latest_good(folder.parent, folder.name) or "") == run.key:
                return
    if is_wrong or (is_broken and pointed is not None):
        remove_latest(folder)


def _recorded(log: RunLog, key: str) -> Run | None:
    if not key:
        return None
    try:
        return log.find(key)
    except RunUnknown:
        return None
