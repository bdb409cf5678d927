"""Write a bundle into an empty folder."""

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from lastmile.errors import NotWritable, OverBudget
from lastmile.exporting.bundle import manifest as form
from lastmile.exporting.bundle.manifest import About, FileEntry, Manifest, RuntimeRange
from lastmile.exporting.bundle.readme import readme
from lastmile.exporting.evidence import Evidence, demand_holds
from lastmile.exporting.onnx import Graph
from lastmile.exporting.onnx.ort_format import OrtModel
from lastmile.exporting.onnx.runtime import ONNXRUNTIME_BROKEN, minimum_runtime
from lastmile.exporting.signature.phone import plain
from lastmile.values import show_size

_TOOLS = (
    *("lastmile", "scikit-learn", "skl2onnx", "onnx", "onnxruntime", "coremltools", "numpy"),
    "pandas",
)


class Saved(Protocol):
    """What a bundle needs of a Core ML package."""

    @property
    def minimum_ios(self) -> str:
        """The lowest iOS that can load it."""
        ...

    @property
    def vector(self) -> bool:
        """Whether all columns enter in one array."""
        ...

    def save(self, path: Path) -> None:
        """Write it as the folder `path`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A written bundle. `files` maps paths in the folder to bytes; `size` is their sum.

    `weights` tells what was stored in fewer bits, where that was asked for.
    """

    name: str
    version: str
    folder: Path
    files: dict[str, int]
    evidence: Evidence
    minimum_ios: str | None
    size: int
    weights: form.WeightsEntry | None = None


def write_bundle(
    folder: Path,
    *,
    about: About,
    graph: Graph,
    package: Saved | None,
    evidence: Evidence,
    made: datetime,
    ort: OrtModel | None = None,
) -> Bundle:
    """Fill the empty `folder`; `made` is an aware time.

    `ort` is the same graph in ONNX Runtime's own format.

    Raises:
        EvidenceFailed: the evidence does not hold.
        OverBudget: the files are larger than `about.size_limit`.
        NotWritable: the folder may not be written.
    """
    demand_holds(evidence)
    try:
        _write_models(folder, about, graph, package)
        _write_ort(folder, about, ort)
        _write_proof(folder, graph, evidence)
        entries = hash_files(folder)
        manifest = _manifest(folder, about, graph, package, evidence, made, entries)
        page = readme(manifest, graph.signature, evidence, about.type_name)
        (folder / form.README).write_text(page, encoding="utf-8")
        entries[form.README] = hash_file(folder / form.README)
        size = sum(entry.size for entry in entries.values())
        _demand_budget(about, size, entries)
        whole = manifest.model_copy(update={"files": entries, "size": size})
        _write_json(folder / form.MANIFEST, whole.model_dump(mode="json"))
    except OSError as error:
        raise NotWritable(str(folder), error.strerror or str(error)) from error
    return Bundle(
        name=about.name,
        version=about.version,
        folder=folder,
        files={path: entry.size for path, entry in entries.items()},
        evidence=evidence,
        minimum_ios=package.minimum_ios if package else None,
        size=size,
        weights=manifest.weights,
    )


def _write_models(folder: Path, about: About, graph: Graph, package: Saved | None) -> None:
    (folder / "android").mkdir()
    graph.save(folder / "android" / f"{about.type_name}.onnx")
    if package:
        (folder / "ios").mkdir()
        package.save(folder / "ios" / f"{about.type_name}.mlpackage")


def _write_ort(folder: Path, about: About, ort: OrtModel | None) -> None:
    if ort:
        (folder / _ort_name(about)).write_bytes(ort.data)
        (folder / form.OPERATORS).write_text(ort.operators, encoding="utf-8")


def _ort_name(about: About) -> str:
    return f"android/{about.type_name}.ort"


def _write_proof(folder: Path, graph: Graph, evidence: Evidence) -> None:
    (folder / "golden").mkdir()
    rows = [asdict(row) for row in evidence.golden]
    _write_json(folder / form.GOLDEN, {"format": form.FORMAT, "rows": plain(rows)})
    _write_json(folder / form.SIGNATURE, graph.signature.to_dict())
    _write_json(folder / form.EVIDENCE, evidence.to_dict())


def _manifest(
    folder: Path,
    about: About,
    graph: Graph,
    package: Saved | None,
    evidence: Evidence,
    made: datetime,
    entries: dict[str, FileEntry],
) -> Manifest:
    return Manifest(
        format=form.FORMAT,
        name=about.name,
        version=about.version,
        title=about.title,
        description=about.description,
        author=about.author,
        license=about.license,
        made=made.astimezone(UTC),
        made_with={"python": platform.python_version(), **_versions()},
        android=f"android/{about.type_name}.onnx",
        ios=f"ios/{about.type_name}.mlpackage" if package else None,
        minimum_ios=package.minimum_ios if package else None,
        ios_inputs="vector" if package and package.vector else "columns",
        onnxruntime=RuntimeRange(minimum=minimum_runtime(graph.proto), excluded=ONNXRUNTIME_BROKEN),
        tolerance=form.ToleranceEntry(**asdict(evidence.tolerance)),
        accepted=evidence.accepted,
        ort=_ort_name(about) if (folder / _ort_name(about)).is_file() else None,
        zipmap=any(node.op_type == "ZipMap" for node in graph.proto.graph.node),
        weights=form.WeightsEntry(**asdict(graph.narrowed)) if graph.narrowed else None,
        size=0,
        files=entries,
    )


def _versions() -> dict[str, str]:
    found = {}
    for tool in _TOOLS:
        try:
            found[tool] = version(tool)
        except PackageNotFoundError:
            continue
    return found


def _demand_budget(about: About, size: int, entries: dict[str, FileEntry]) -> None:
    if about.size_limit is not None and size > about.size_limit:
        largest = sorted(entries, key=lambda name: entries[name].size, reverse=True)[:3]
        shown = ", ".join(f"{name} {show_size(entries[name].size)}" for name in largest)
        raise OverBudget(
            f"the bundle has {show_size(size)}, its budget is {show_size(about.size_limit)}; "
            f"the largest files are {shown}"
        )


def hash_files(folder: Path) -> dict[str, FileEntry]:
    """Path in the folder -> size and SHA-256, for all files below it, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


def hash_file(path: Path) -> FileEntry:
    """Size and SHA-256 of one file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileEntry(size=path.stat().st_size, sha256=digest)


def _write_json(path: Path, data: dict[str, Any]) -> None:
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8")
