"""A run's files where readers find them: atomic, immutable, with provenance.

`<built>/<report>/<key>/` holds one run and never changes; `<built>/<report>/latest` points to the
newest good one, so a failed run is never found there.
"""

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lastmile.atomic import clear_parts, point, publish_folder, remove_folder
from lastmile.errors import LatestNotMoved, NotWritable, PublicationGone
from lastmile.values import Cause, CauseKind, Run, SlotKey, State

RECORD_FORMAT = 1
"""The number in `run.json`. When a field changes its meaning or goes, raise it, say so in the
changelog, and let `read_record` still understand every older number."""

LATEST = "latest"

_TRIES, _PAUSE = 100, 0.02  # moving a link takes far less than that


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
    """The key of the newest good publication of a report, where that is there."""
    link = built / report / LATEST
    return link.readlink().name if link.is_symlink() and link.is_dir() else None


def make_latest(run: Run) -> None:
    """Let `latest` point to a good run's publication, unless a newer one stands there already.

    It is called when the run log knows the end of the run, so that the two never disagree. Keys
    sort by time: a slow old run that ends late does not take the place of a newer one. A run that
    only reproduces an older one never becomes the latest.

    Raises:
        LatestNotMoved: it points to what it pointed to before.
        PublicationGone: the publication of the run is not there any more.
    """
    if run.folder is None or not run.state.good or reproduces(run.folder):
        return
    folder, key = run.folder.parent, run.folder.name
    with _moving(folder, key):
        before = linked(folder)
        if before is None or key > before or not is_published(folder, before):
            point(folder / LATEST, key)


def move_latest(folder: Path, before: str | None, key: str | None) -> bool:
    """Let `latest` point to the sibling `key`, or to nothing; False if it has moved meanwhile.

    Raises:
        LatestNotMoved: it points to `before` as it did.
    """
    with _moving(folder, key or ""):
        if linked(folder) != before:
            return False
        if key:
            point(folder / LATEST, key)
        else:
            (folder / LATEST).unlink(missing_ok=True)
    return True


def linked(folder: Path) -> str | None:
    """What `latest` in a report's folder says, whether that is there or not; None without it.

    Raises:
        FileExistsError: something else stands in its place.
    """
    link = folder / LATEST
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        kind = "folder" if link.is_dir() else "file"
        raise FileExistsError(error.errno, f"a {kind} stands in its place; move it away") from error


def is_published(folder: Path, key: str) -> bool:
    """Whether a report's folder has the publication that a link to `key` shows."""
    return Path(key).name == key and (folder / key / "run.json").is_file()


def reproduces(folder: Path) -> bool:
    """Whether a publication is that of a run which only repeats an older one.

    Raises:
        PublicationGone: it is not there, or damaged.
    """
    return "reproduces" in (read_record(folder).get("provenance") or {})


@contextmanager
def _moving(folder: Path, key: str) -> Iterator[None]:
    """Move `latest` of a report's folder to `key` while nobody else does.

    Raises:
        LatestNotMoved: the block has failed.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if _locked(descriptor):
                clear_parts(folder / LATEST)  # whoever left them is dead
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise LatestNotMoved(folder.name, key, error.strerror or str(error)) from error
    except NotWritable as error:
        raise LatestNotMoved(folder.name, key, error.reason) from error


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now; some file systems have none, and who is stopped keeps his."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:
            return False
        else:
            return True
    return False


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
