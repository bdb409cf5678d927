"""A run's files where readers find them: atomic, immutable, with provenance.

`<built>/<report>/<key>/` holds one run and never changes; `<built>/<report>/latest` points to the
newest good one, so a failed run is never found there.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lastmile.atomic import point, publish_folder, remove_folder
from lastmile.errors import NotWritable, PublicationGone
from lastmile.values import Cause, CauseKind, Run, SlotKey, State

RECORD_FORMAT = 1
"""The number in `run.json`. When a field changes its meaning or goes, raise it, say so in the
changelog, and let `read_record` still understand every older number."""

LATEST = "latest"


def publish(
    built: Path, run: Run, pages: Mapping[str, bytes], provenance: Mapping[str, Any]
) -> Run:
    """Put the pages of a run and its record in place and return the run with folder and files.

    A page whose name has a folder is for those who look behind a report: `files` is without it.

    Raises:
        NotWritable: nothing was published.
    """
    target = built / run.report / run.key
    files = (*(name for name in pages if "/" not in name), "run.json")
    published = replace(run, folder=target, files=files)
    with publish_folder(target) as folder:
        for name, content in pages.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        record = json.dumps(
            record_of(published, provenance), indent=2, ensure_ascii=False, allow_nan=False
        )
        (folder / "run.json").write_text(record + "\n", encoding="utf-8")
    return published


def withdraw(built: Path, run: Run) -> None:
    """Take a publication away again that nobody was told of.

    Raises:
        NotWritable: it is still there.
    """
    remove_folder(built / run.report / run.key)


def record_of(run: Run, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `run.json`: the run, and what it was made from."""
    fields = asdict(run)
    del fields["folder"]
    return {
        "format": RECORD_FORMAT,
        **fields,
        "cause": cause_as_json(run.cause),
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat() if run.ended else None,
        "logical_date": run.logical_date.isoformat() if run.logical_date else None,
        "slot": slot_as_json(run.slot),
        "provenance": dict(provenance),
    }


def slot_as_json(slot: SlotKey | None) -> dict[str, str] | None:
    """The slot of a run for programs."""
    if slot is None:
        return None
    return {"schedule": slot.schedule, "scheduled_for": slot.scheduled_for.isoformat()}


def cause_as_json(cause: Cause | None) -> dict[str, Any] | None:
    """A cause for programs; its cell is counted from 1, as its message and the page count."""
    if cause is None:
        return None
    cell = None if cause.cell is None else cause.cell + 1
    return {"kind": cause.kind.value, "message": cause.message, "cell": cell}


def _cause(told: Any) -> Cause | None:
    if told is None:
        return None
    cell = None if told["cell"] is None else told["cell"] - 1
    return Cause(kind=CauseKind(told["kind"]), message=told["message"], cell=cell)


def latest_good(built: Path, report: str) -> str | None:
    """The key of the newest good publication of a report."""
    link = built / report / LATEST
    return link.readlink().name if link.is_symlink() else None


def make_latest(run: Run) -> None:
    """Let `latest` point to a good run's publication, unless a newer one stands there already.

    It is called when the run log knows the end of the run, so that the two never disagree. Keys
    sort by time: a slow old run that ends late does not take the place of a newer one. A run that
    only reproduces an older one never becomes the latest.

    Raises:
        NotWritable: it points to what it pointed to before.
    """
    if run.folder is None or not run.state.good:
        return
    record = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    if "reproduces" in record["provenance"]:
        return
    link = run.folder.parent / LATEST
    before = link.readlink().name if link.is_symlink() and link.is_dir() else ""
    if run.folder.name > before:
        point(link, run.folder.name)


def remove_latest(folder: Path) -> None:
    """Take the `latest` of a report's folder away; one that is no link of ours stays.

    Raises:
        NotWritable: it is still there.
    """
    link = folder / LATEST
    if not link.is_symlink():
        return
    try:
        link.unlink(missing_ok=True)
    except OSError as error:
        raise NotWritable(str(link), error.strerror or str(error)) from error


def read_record(folder: Path) -> dict[str, Any]:
    """The content of a publication's `run.json`.

    Raises:
        PublicationGone: it is not there, damaged, or newer than this program.
    """
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise PublicationGone(folder.name, error.strerror or str(error)) from error
    except ValueError as error:
        raise PublicationGone(folder.name, f"run.json is damaged: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("format"), int):
        raise PublicationGone(folder.name, "run.json is damaged: it is no record of a run")
    if record["format"] > RECORD_FORMAT:
        raise PublicationGone(folder.name, "a newer lastmile has written its record")
    return record


def recorded_end(built: Path, run: Run) -> Run | None:
    """How a run ended according to its own publication; None where it published nothing.

    A run whose process was killed between publishing and telling the run log is found so.
    """
    folder = built / run.report / run.key
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        if record["format"] != RECORD_FORMAT or record["key"] != run.key:
            return None
        return replace(
            run,
            state=State(record["state"]),
            cause=_cause(record["cause"]),
            ended=datetime.fromisoformat(record["ended"]),
            seconds=record["seconds"],
            cells=record["cells"],
            peak_memory=record["peak_memory"],
            recorded=record["recorded"],
            folder=folder,
            files=tuple(record["files"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
