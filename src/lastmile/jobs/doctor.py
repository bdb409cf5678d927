"""What is installed, what is missing, what it would give, and how to get it."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Literal

from lastmile.errors import LastmileError, MissingPart
from lastmile.store import RunLog
from lastmile.workspace import Workspace

Mark = Literal["ok", "missing", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part: `ok`, `missing` (optional) or `broken` (something will fail)."""

    mark: Mark
    part: str
    found: str
    gives: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A group of packages that gives one ability and comes with one extra."""

    packages: tuple[str, ...]
    gives: str
    extra: str


PARTS = (
    Part(("papermill", "nbclient", "ipykernel"), "runs notebooks", "reports"),
    Part(("nbconvert", "nh3", "latex2mathml"), "reports as HTML", "reports"),
    Part(("typst",), "reports as PDF", "reports"),
    Part(("matplotlib",), "charts in notebooks", "reports"),
    Part(("scikit-learn", "skl2onnx", "onnx"), "exports to ONNX", "exports"),
    Part(("onnxruntime",), "evidence for ONNX", "exports"),
    Part(("coremltools",), "exports to Core ML, and their evidence", "exports"),
    Part(("apprise",), "deliveries to chats", "delivery"),
    Part(("fsspec",), "deliveries to stores", "delivery"),
    Part(("distributed",), "runs on a Dask cluster", "dask"),
    Part(("skops",), "reads estimators without running code", "exports"),
)

_PACKAGE_OF = {"sklearn": "scikit-learn", "markdown_it": "markdown-it-py"}
"""Import names that are not the package's name."""

EXCLUDED_RUNTIMES = ("1.26.", "1.27.")


def examine(workspace: Workspace | None) -> list[Finding]:
    """All findings; those about a workspace only where there is one."""
    findings = [_part(part) for part in PARTS]
    findings += _traps()
    findings.append(_program("git", "the commit in a run's provenance"))
    if workspace:
        findings += _workspace(workspace)
    return findings


def _part(part: Part) -> Finding:
    found = {name: _version(name) for name in part.packages}
    missing = [name for name, have in found.items() if have is None]
    return Finding(
        mark="missing" if missing else "ok",
        part=", ".join(part.packages),
        found=", ".join(have or "-" for have in found.values()),
        gives=part.gives,
        fix=f"pip install 'lastmile[{part.extra}]'" if missing else "",
    )


def _traps() -> Iterator[Finding]:
    """Versions that are known to give wrong answers."""
    protobuf, runtime = _version("protobuf"), _version("onnxruntime")
    if protobuf and int(protobuf.partition(".")[0]) >= 7:
        yield Finding(
            mark="broken",
            part="protobuf",
            found=protobuf,
            gives="skl2onnx 1.20 fails with protobuf 7 and newer",
            fix="pip install 'protobuf<7'",
        )
    if runtime and runtime.startswith(EXCLUDED_RUNTIMES):
        yield Finding(
            mark="broken",
            part="onnxruntime",
            found=runtime,
            gives="ONNX Runtime 1.26 and 1.27 mis-score forests",
            fix="pip install 'onnxruntime>=1.28'",
        )


def _program(name: str, gives: str) -> Finding:
    path = shutil.which(name)
    return Finding(
        mark="ok" if path else "missing",
        part=name,
        found=path or "-",
        gives=gives,
        fix="" if path else f"install {name} with the system's package manager",
    )


def _workspace(workspace: Workspace) -> Iterator[Finding]:
    yield Finding(mark="ok", part="workspace", found=str(workspace.root), gives="definitions")
    try:
        with RunLog(workspace.store_url):
            yield Finding(mark="ok", part="run log", found=workspace.settings.store, gives="runs")
    except LastmileError as error:
        yield Finding(mark="broken", part="run log", found=error.what, gives="runs", fix=error.fix)


def missing_part(error: ModuleNotFoundError) -> MissingPart | None:
    """What to install for a package that could not be imported, if an extra brings it."""
    module = (error.name or "").partition(".")[0]
    package = _PACKAGE_OF.get(module, module.replace("_", "-"))
    for line in requires("lastmile") or ():
        match = re.match(r"([A-Za-z0-9_.-]+).*extra == ['\"](\w+)['\"]", line)
        if match and match[1].lower().replace("_", "-") == package:
            return MissingPart(package, extra=match[2])
    return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
