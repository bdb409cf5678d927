"""What a run was made from: enough to find the same notebook, code, data and tools again."""

import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lastmile.jobs.versions import Used, used_by, version_of
from lastmile.reporting.data import fingerprint, fingerprints
from lastmile.reporting.execution.outcome import Executed
from lastmile.reporting.plan import Plan
from lastmile.reporting.snapshot import CHANGES, DEFINITION, definition_text, notebook_name
from lastmile.reporting.source import Source

LOCKFILES = ("requirements.lock", "uv.lock", "pylock.toml", "poetry.lock")
MOST_DIFF = 200_000
_QUIETLY = ("--no-optional-locks", "--literal-pathspecs")
_TOOLS = ("lastmile", "papermill", "nbclient", "ipykernel", "typst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What stood there when a run began: facts for its record, and files to publish with it."""

    facts: Mapping[str, Any]
    files: Mapping[str, bytes]


def take_snapshot(plan: Plan, root: Path, module_paths: Sequence[Path] = ()) -> Snapshot:
    """The notebook, its definition, code, data and tools as they are now.

    Raises:
        DataMissing: a declared data file does not exist.
        BadDefinition: one leads out of the workspace.
        Faults: several.
    """
    root = root.resolve()
    source, file = plan.report.source, plan.report.file
    data = fingerprints(file.data, root, where=f"reports/{plan.report.name}.toml")
    used = used_by(_code_of(source), root, [source.path.parent, *module_paths])
    git, diff = _git(root, [file.notebook, f"reports/{plan.report.name}.toml", *used.modules])
    definition = definition_text(file).encode()
    facts = {
        "notebook": source.shown,
        "notebook_sha256": source.sha256,
        "definition_sha256": hashlib.sha256(definition).hexdigest(),
        "types": plan.types,
        "git": git,
        "lockfiles": _lockfiles(root),
        "data": dict(data),
        **_tools(used),
    }
    files = {notebook_name(source.path): source.content, DEFINITION: definition}
    return Snapshot(facts=facts, files={**files, CHANGES: diff} if diff else files)


def provenance_of(snapshot: Snapshot, executed: Executed) -> dict[str, Any]:
    """The facts of the snapshot, and where the time went, in seconds."""
    return {
        **snapshot.facts,
        **({"prefix": dict(executed.prefix)} if executed.prefix else {}),
        "execution_seconds": round(executed.seconds, 3),
        "cell_seconds": round(executed.cell_seconds, 3),
        "cells": list(_durations(executed.notebook)),
    }


def _code_of(source: Source) -> list[str]:
    """The sources of the code cells; JSON is not validated again, which takes long."""
    cells = json.loads(source.content).get("cells") if source.path.suffix == ".ipynb" else None
    if cells is None:  # a text, or a format of former times
        return [cell.source for cell in source.notebook().cells if cell.cell_type == "code"]
    return ["".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "code"]


def _tools(used: Used) -> dict[str, Any]:
    return {
        "modules": used.modules,
        "packages": used.packages,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "host": platform.node(),
        "versions": {name: version_of(name) for name in _TOOLS},
    }


def _durations(notebook: Any) -> Iterator[dict[str, Any]]:
    for number, cell in enumerate(notebook.cells, start=1):
        state = cell.metadata.get("lastmile", {}).get("state")
        seconds = cell.metadata.get("papermill", {}).get("duration")
        if cell.cell_type == "code" and state:
            yield {"cell": number, "state": state, "seconds": seconds and round(seconds, 3)}


def _lockfiles(root: Path) -> dict[str, str]:
    files = [root / name for name in LOCKFILES]
    return {path.name: fingerprint(path)["sha256"] for path in files if path.is_file()}


def _git(root: Path, own: Sequence[str]) -> tuple[dict[str, Any] | None, bytes]:
    """The commit of a checkout and what differs from it; nothing outside of one.

    The hash is that of all changes below `root`; the text is that of the run's `own` files alone:
    whoever may read a report need not see the rest.
    """
    status = (_ask_git(root, "status", "--porcelain=v2", "--branch", "--", ".") or b"").splitlines()
    commit = next((line.split()[-1].decode() for line in status if b" branch.oid " in line), "")
    if len(commit) < 40:  # also before the first commit
        return None, b""
    changed = [line for line in status if not line.startswith(b"#")]
    facts: dict[str, Any] = {"commit": commit, "dirty": bool(changed)}
    if not changed:
        return facts, b""
    diff = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--relative", "HEAD", "--")
    whole = _ask_git(root, *diff, ".") or b""
    text = _ask_git(root, *diff, *own) or b""
    facts["diff_sha256"] = hashlib.sha256(whole).hexdigest()
    facts["untracked"] = sum(line.startswith(b"?") for line in changed)
    return facts, text if len(text) <= MOST_DIFF else b""


def _ask_git(root: Path, *words: str) -> bytes | None:
    try:
        answer = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *_QUIETLY, "-C", str(root), *words],  # noqa: S607 - whichever git the user has
            capture_output=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout
