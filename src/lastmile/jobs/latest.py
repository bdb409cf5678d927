"""`latest` and the run log compared.

A run is published, then its end is recorded, then `latest` is moved. A process that is killed in
between leaves a link behind that no later run would move, if there is none. Links are also changed
by hand, and publications removed or copied elsewhere.

The rule is that of `make_latest`: `latest` points to the newest good publication, by key, that does
not reproduce an older one. The log says which are good; a publication that it does not know keeps
its link, since the log may be the newer of the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lastmile.errors import LatestNotMoved, PublicationGone
from lastmile.reporting.publication import is_published, linked, move_latest, reproduces
from lastmile.store import RunLog

_AT_A_TIME = 200


@dataclass(frozen=True, slots=True)
class Repaired:
    """A report whose `latest` was wrong; `after` is empty where no good run was left for it.

    `fault` says why it is wrong still.
    """

    report: str
    before: str
    after: str
    fault: str = ""

    def __str__(self) -> str:
        """What was done, in a line."""
        if self.fault:
            return self.fault
        if not self.after:
            left = f"neither {self.before} nor another good run is there"
            return f"`latest` of {self.report} is gone: {left}"
        was = f", not to {self.before}" if self.before else ""
        return f"`latest` of {self.report} points to {self.after} now{was}"


def repair_latest(built: Path, log: RunLog) -> list[Repaired]:
    """Let `latest` of every report point to its newest good publication; what was repaired.

    Where all is well this costs a short query for each report.
    """
    folders = list(_report_folders(built))
    newest = log.newest_good(folder.name for folder in folders)
    found = (_repaired(folder, newest.get(folder.name), log) for folder in folders)
    return [repaired for repaired in found if repaired]


def _report_folders(built: Path) -> Iterator[Path]:
    if built.is_dir():
        for folder in sorted(built.iterdir()):
            if not folder.name.startswith(".") and folder.is_dir() and not folder.is_symlink():
                yield folder


def _repaired(folder: Path, newest: str | None, log: RunLog) -> Repaired | None:
    try:
        before = linked(folder)
        after = _wanted(folder, before, newest, log)
        if after == before or not move_latest(folder, before, after):
            return None
        return Repaired(folder.name, before or "", after or "")
    except LatestNotMoved as error:
        return Repaired(folder.name, "", "", fault=error.what)
    except OSError as error:
        if newest is None:
            return None
        stuck = LatestNotMoved(folder.name, newest, error.strerror or str(error))
        return Repaired(folder.name, "", "", fault=stuck.what)


def _wanted(folder: Path, before: str | None, newest: str | None, log: RunLog) -> str | None:
    """What `latest` is to point to; `newest` is the newest good run that the log knows."""
    if before is not None and before == newest and is_published(folder, before):
        return before
    pointed = Path(before).name if before else ""  # also of a link into another folder
    state = log.states([pointed]).get(pointed) if pointed else None
    is_bad = state is not None and state.ended and not state.good
    stands = bool(pointed) and not is_bad and is_published(folder, pointed)
    if newest is not None and not (stands and newest <= pointed):
        for key in _good(folder, log, behind=pointed if stands else ""):
            return key
    if stands:
        return pointed
    return before if state is None else None


def _good(folder: Path, log: RunLog, *, behind: str) -> Iterator[str]:
    """The keys behind one of good publications that are there, the newest first."""
    keys = sorted(
        (path.name for path in folder.iterdir() if path.name > behind and path.name[0] != "."),
        reverse=True,
    )
    for first in range(0, len(keys), _AT_A_TIME):
        some = keys[first : first + _AT_A_TIME]
        states = log.states(some)
        for key in some:
            if key in states and states[key].good and is_published(folder, key):
                try:
                    if not reproduces(folder / key):
                        yield key
                except PublicationGone:
                    continue  # damaged: a person should look at it
