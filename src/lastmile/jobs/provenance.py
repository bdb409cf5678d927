"""What a run was made from: enough to find the same notebook, code and tools again."""

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lastmile.reporting.execution.outcome import Executed
from lastmile.reporting.plan import Plan

_TOOLS = ("lastmile", "papermill", "nbclient", "ipykernel", "typst")


def provenance_of(plan: Plan, root: Path, executed: Executed) -> dict[str, Any]:
    """Hash of the notebook, git commit, what was asked for, versions, and where the time went."""
    return {
        "notebook": plan.report.source.shown,
        "notebook_sha256": plan.report.source.sha256,
        "git": _git(root),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "host": platform.node(),
        "versions": {name: _version(name) for name in _TOOLS},
        "execution_seconds": round(executed.seconds, 3),
        "cell_seconds": round(executed.cell_seconds, 3),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(root: Path) -> dict[str, Any] | None:
    """The commit of a checkout and whether files differ from it; None outside of one."""
    commit = _ask_git(root, "rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "dirty": bool(_ask_git(root, "status", "--porcelain"))}


def _ask_git(root: Path, *words: str) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", "-C", str(root), *words],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
