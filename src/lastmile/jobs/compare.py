"""Find two runs, read what they published, and compare it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lastmile.errors import LastmileError, PublicationGone, RunUnknown
from lastmile.reporting.comparison import Comparison, Side, compare
from lastmile.reporting.publication import read_record
from lastmile.store import RunLog
from lastmile.values import Run
from lastmile.workspace import Workspace, names_in

_MOST_RUNS = 10_000
LATEST = "latest"


def compare_runs(before: Run, after: Run) -> Comparison:
    """What differs between the publications of two runs.

    Raises:
        PublicationGone: one of them was removed, or is damaged.
    """
    return compare(read_side(before), read_side(after))


def find_pair(workspace: Workspace, log: RunLog, first: str, second: str = "") -> tuple[Run, Run]:
    """The two runs that two words name, the earlier one first in the comparison.

    A word is a run's key; or a report's name, which means its newest good run; or `NAME~1`, the
    good run before that, and so on. `latest` stands for the name where the other word settles
    the report, else for the report that ran last. With one word the run is compared with the good
    one before it.

    Raises:
        RunUnknown: there is no such run.
    """
    if not second:
        after = find_run(workspace, log, first)
        return _good_before(log, after), after
    names = [_named(workspace, log, word) for word in (first, second)]
    report = names[0] or names[1] or _last_report(log)
    first, second = (word.replace(LATEST, report, 1) if word.split("~")[0] == LATEST else word
                     for word in (first, second))  # fmt: skip
    return find_run(workspace, log, first), find_run(workspace, log, second)


def find_run(workspace: Workspace, log: RunLog, word: str) -> Run:
    """The run that one word names; see `find_pair`.

    Raises:
        RunUnknown: there is no such run.
    """
    name, _, back = word.partition("~")
    if name == LATEST:
        name = _last_report(log)
    if name not in names_in(workspace.reports):
        return log.find(word)
    if back and not back.isdecimal():
        raise RunUnknown(word)
    for number, run in enumerate(_good_runs(log, name)):
        if number == int(back or 0):
            return run
    raise RunUnknown(word)


def read_side(run: Run) -> Side:
    """A run as a side of a comparison, read from its publication.

    Raises:
        PublicationGone: the files are not there, or damaged.
    """
    import nbformat

    if run.folder is None:
        raise PublicationGone(run.key, "they were never published, or removed since")
    try:
        record = read_record(run.folder)
        text = (run.folder / "notebook.ipynb").read_text(encoding="utf-8")
        return Side(record, nbformat.reads(text, as_version=4))
    except LastmileError:
        raise
    except OSError as error:
        raise PublicationGone(run.key, error.strerror or str(error)) from error
    except Exception as error:  # nbformat raises whatever it meets in a damaged file
        raise PublicationGone(run.key, f"notebook.ipynb is damaged: {error}") from error


def _named(workspace: Workspace, log: RunLog, word: str) -> str:
    """The report that a word is about, or nothing for `latest`."""
    name = word.partition("~")[0]
    if name == LATEST:
        return ""
    return name if name in names_in(workspace.reports) else log.find(word).report


def _last_report(log: RunLog) -> str:
    runs = log.history(limit=1)
    if not runs:
        raise RunUnknown(LATEST)
    return runs[0].report


def _good_runs(log: RunLog, report: str) -> Iterator[Run]:
    """The good runs whose files are there, the newest first, without those that only repeat one."""
    for run in log.history(report, limit=_MOST_RUNS):
        if run.state.good and run.folder and "reproduces" not in _provenance(run.folder):
            yield run


def _provenance(folder: Path) -> dict[str, Any]:
    try:
        return dict(read_record(folder).get("provenance") or {})
    except PublicationGone:
        return {"reproduces": None}  # what cannot be read cannot be compared either


def _good_before(log: RunLog, run: Run) -> Run:
    for earlier in _good_runs(log, run.report):
        if (earlier.started, earlier.key) < (run.started, run.key):
            return earlier
    raise RunUnknown(f"{run.report}~1")
