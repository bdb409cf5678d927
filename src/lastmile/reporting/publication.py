"""A run's files where readers find them: atomic, immutable, with provenance.

`<built>/<report>/<key>/` holds one run and never changes; `<built>/<report>/latest` points to the
newest good one, so a failed run is never found there.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lastmile.atomic import point, publish_folder
from lastmile.values import Run

RECORD_FORMAT = 1
"""The number in `run.json`. When a field changes its meaning or goes, raise it, say so in the
changelog, and let `read_record` still understand every older number."""

LATEST = "latest"


def publish(
    built: Path, run: Run, pages: Mapping[str, bytes], provenance: Mapping[str, Any]
) -> Run:
    """Put the pages of a run and its record in place and return the run with folder and files.

    Raises:
        NotWritable: nothing was published.
    """
    target = built / run.report / run.key
    files = (*pages, "run.json")
    published = replace(run, folder=target, files=files)
    with publish_folder(target) as folder:
        for name, content in pages.items():
            (folder / name).write_bytes(content)
        record = json.dumps(record_of(published, provenance), indent=2, ensure_ascii=False)
        (folder / "run.json").write_text(record + "\n", encoding="utf-8")
    if run.state.good:
        _point_latest(target)
    return published


def record_of(run: Run, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `run.json`: the run, and what it was made from."""
    fields = asdict(run)
    del fields["folder"]
    return {
        "format": RECORD_FORMAT,
        **fields,
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat() if run.ended else None,
        "logical_date": run.logical_date.isoformat() if run.logical_date else None,
        "provenance": dict(provenance),
    }


def latest_good(built: Path, report: str) -> str | None:
    """The key of the newest good publication of a report."""
    link = built / report / LATEST
    return link.readlink().name if link.is_symlink() else None


def _point_latest(target: Path) -> None:
    """Keys sort by time: a slow old run that ends late does not take the place of a newer one."""
    link = target.parent / LATEST
    before = link.readlink().name if link.is_symlink() else ""
    if target.name > before:
        point(link, target.name)
