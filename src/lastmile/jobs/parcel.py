"""What a worker of a cluster is sent: the files of a workspace, and one run to make of them.

A worker shares no disk with us. It gets the notebook and the definition as they were planned and
whatever else lies in the workspace; it keeps them under their hash, so that a backfill unpacks them
once. Secrets are never sent: a worker looks them up in its own environment.
"""

import hashlib
import io
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from lastmile.errors import WorkspaceTooLarge
from lastmile.reporting.plan import Plan
from lastmile.reporting.snapshot import definition_text
from lastmile.values import Run, plain, show_size

MOST = 100_000_000
"""Bytes of a workspace that are sent."""

_NOT_SENT = {"_built", "__pycache__", "node_modules"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One run for a worker: plain values only, and the packed workspace with its hash.

    `types` says of the values what JSON does not.
    `artifacts` is the fsspec address over which the pages come back; with none they come back with
    the answer.
    """

    key: str
    report: str
    given: dict[str, Any]
    types: dict[str, str]
    formats: tuple[str, ...]
    logical_date: str
    started: str
    attempt: int
    digest: str
    packed: bytes
    artifacts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a worker made: the run, its pages by name, and what they were made from."""

    run: Run
    pages: dict[str, bytes]
    provenance: dict[str, Any]


def order_for(plan: Plan, run: Run, root: Path, *, leave_out: Path | None, artifacts: str) -> Order:
    """The order for a plan; `leave_out` is the folder with secrets.

    Raises:
        WorkspaceTooLarge: its files take more than `MOST` bytes.
    """
    report = plan.report
    planned = {
        report.file.notebook: report.source.content,
        f"reports/{report.name}.toml": definition_text(report.file).encode(),
    }
    packed, digest = pack(root, planned, leave_out=leave_out)
    return Order(
        key=run.key,
        report=report.name,
        given=plain(dict(plan.given)),
        types=plan.types,
        formats=plan.formats,
        logical_date=plan.logical_date.isoformat(),
        started=plan.started.isoformat(),
        attempt=run.attempt,
        digest=digest,
        packed=packed,
        artifacts=artifacts,
    )


def pack(root: Path, planned: dict[str, bytes], *, leave_out: Path | None) -> tuple[bytes, str]:
    """The files of a workspace as one archive, `planned` in place of its own; their hash."""
    files = {path.relative_to(root).as_posix(): path for path in _files(root, leave_out)}
    size = sum(path.stat().st_size for path in files.values())
    if size > MOST:
        raise WorkspaceTooLarge(show_size(size), show_size(MOST))
    digest, target = hashlib.sha256(), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files.keys() | planned.keys()):
            content = planned[name] if name in planned else files[name].read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
            archive.writestr(name, content)
    return target.getvalue(), digest.hexdigest()


def _files(root: Path, leave_out: Path | None) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        here = Path(folder)
        below[:] = [name for name in below if _sent(here / name, leave_out)]
        for name in names:
            if _sent(here / name, leave_out) and (here / name).is_file():
                yield here / name


def _sent(path: Path, leave_out: Path | None) -> bool:
    hidden = path.name.startswith(".") or path.name in _NOT_SENT or path.is_symlink()
    return not hidden and path != leave_out


def unpacked(order: Order) -> Path:
    """On a worker: the folder with the files of an order, filled once for each hash."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    base = Path(tempfile.gettempdir(), f"lastmile-{owner}")
    base.mkdir(mode=0o700, exist_ok=True)
    target = base / order.digest[:32]
    if target.exists():
        return target
    part = base / f".{order.digest[:8]}-{uuid4().hex[:8]}"
    with zipfile.ZipFile(io.BytesIO(order.packed)) as archive:
        archive.extractall(part)
    try:
        part.rename(target)
    except OSError:  # another thread was first
        shutil.rmtree(part, ignore_errors=True)
    return target


def command_for(order: Order, built: Path) -> Sequence[str]:
    """On a worker: the process that carries an order out, in a folder of its own."""
    return [sys.executable, "-m", "lastmile.jobs.there", str(unpacked(order)), str(built)]
