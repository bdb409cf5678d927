"""Hand an estimator over: estimator and sample, ONNX, Core ML, evidence, bundle."""

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lastmile.atomic import publish_folder, write_text
from lastmile.clock import Clock, now
from lastmile.definitions import make_definition, read_definition
from lastmile.errors import BadDefinition, VersionTaken
from lastmile.exporting.definition import ExportFile, Target
from lastmile.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from lastmile.exporting.bundle import Bundle, Check
    from lastmile.exporting.evidence import Evidence
    from lastmile.exporting.evidence.gather import CoreMLPackage
    from lastmile.exporting.onnx import Graph
    from lastmile.exporting.onnx.options import Options

OnStep = Callable[[str], None]


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _silent(_step: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What is to be made, and where."""

    name: str
    file: ExportFile
    built: Path
    on_step: OnStep
    clock: Clock
    replace: bool
    accept: str = ""


def export_estimator(
    estimator: Any,
    sample: "pd.DataFrame",
    *,
    name: str,
    version: str,
    targets: Sequence[Target] = ("onnx", "coreml"),
    output: str | Path = "exports/_built",
    replace: bool = False,
    **about: Any,
) -> "Bundle":
    """Make the bundle `<output>/<name>-<version>`; no workspace is needed.

    `estimator` is fitted, `sample` holds raw rows as the phone will see them. A bundle of that name
    and version that holds another model stays, unless `replace` says that nobody has received it
    yet. `about` are further keys of an export's definition: `title`, `description`, `author`,
    `license`, `columns`, `tolerance`, `budget`; and `accept`, the reason for which forms that
    answer otherwise than the estimator are let out all the same.

    Raises:
        LastmileError: something is not right with the input, a step cannot be exported, or the
            exported forms answer otherwise than the estimator; then nothing is written.
    """
    if not _NAME.fullmatch(name):
        raise BadDefinition(
            f"a bundle cannot be called {name!r}",
            where="export_estimator(name=...)",
            fix="use letters, digits, hyphens, dots and underscores of ASCII",
        )
    accept = str(about.pop("accept", ""))
    keys = {"title": name, "estimator": "given:estimator", "sample": "given:sample", **about}
    file = make_definition(
        ExportFile, "export_estimator", **keys, version=version, targets=tuple(targets)
    )
    order = _Order(
        name=name,
        file=file,
        built=Path(output).resolve(),
        on_step=_silent,
        clock=now,
        replace=replace,
        accept=accept,
    )
    return _make(order, estimator, sample)


def produce_bundle(
    workspace: Workspace,
    name: str,
    *,
    trust: bool = False,
    replace: bool = False,
    accept: str = "",
    on_step: OnStep = _silent,
    clock: Clock = now,
) -> "Bundle":
    """Make the bundle of the export `name` of a workspace.

    Raises:
        LastmileError: as `export_estimator`, and whatever is wrong with the definition.
    """
    path = workspace.definition("export", name)
    file = read_definition(path, ExportFile, shown=workspace.shown(path))
    workspace.open_modules()
    on_step("load the estimator and the sample")
    from lastmile.exporting.source import load_estimator, load_sample

    with redirect_stdout(sys.stderr):  # what the estimator's own code prints is no answer of ours
        estimator = load_estimator(file.estimator, root=workspace.root, trust=trust)
        sample = load_sample(file.sample, root=workspace.root)
    order = _Order(
        name=name,
        file=file,
        built=workspace.exports / "_built",
        on_step=on_step,
        clock=clock,
        replace=replace,
        accept=accept,
    )
    return _make(order, estimator, sample)


def _make(order: _Order, estimator: Any, sample: "pd.DataFrame") -> "Bundle":
    from lastmile.exporting.bundle import About, holds_another_model, write_bundle
    from lastmile.exporting.onnx import to_onnx
    from lastmile.exporting.signature import read_signature

    file = order.file
    order.on_step("read the signature")
    signature = read_signature(estimator, sample, file.columns)
    order.on_step("convert to ONNX")
    graph = to_onnx(estimator, sample, signature=signature, options=_options(file))
    about = About.of(order.name, file)
    package = None
    if "coreml" in file.targets:
        order.on_step("convert to Core ML")
        from lastmile.exporting.coreml import to_coreml

        options = file.coreml.model_dump()
        package = to_coreml(graph, name=about.type_name, metadata=_metadata(file), **options)
    target = order.built / f"{order.name}-{file.version}"
    evidence = _proven(order, target, estimator, sample, (graph, package))
    ort = None
    if file.onnx.ort:
        from lastmile.exporting.onnx.ort_format import to_ort

        ort = to_ort(graph)
    order.on_step("write the bundle")
    with publish_folder(target) as folder:
        bundle = write_bundle(
            folder,
            about=about,
            graph=graph,
            package=package,
            evidence=evidence,
            made=order.clock(),
            ort=ort,
        )
        if not order.replace and holds_another_model(target, folder):
            raise VersionTaken(str(target))
    return dataclasses.replace(bundle, folder=target)


def _proven(
    order: _Order,
    target: Path,
    estimator: Any,
    sample: "pd.DataFrame",
    forms: "tuple[Graph, CoreMLPackage | None]",
) -> "Evidence":
    """The evidence of all forms, with what they cost here.

    Raises:
        EvidenceFailed: a form answers otherwise, and nobody accepted that.
        OverBudget, Faults: one costs more than it may.
    """
    from lastmile.exporting.cost import cost_of, demand_budget, measure
    from lastmile.exporting.evidence import Tolerances, gather_evidence

    graph, package = forms
    order.on_step("compare scikit-learn, ONNX Runtime and the Core ML reference")
    tolerance = Tolerances(**order.file.tolerance.model_dump())
    found = gather_evidence(estimator, graph.signature, graph, package, sample, tolerance)
    order.on_step("measure one row")
    limits = order.file.budget
    measured = measure(graph, sample, memory=limits.memory is not None)
    accepted = "" if found.holds else order.accept
    evidence = dataclasses.replace(found, accepted=accepted, measured=measured)
    _keep_or_clear(target, evidence)
    demand_budget(limits, measured, evidence.differing, cost_of(graph, sample))
    return evidence


def _options(file: ExportFile) -> "Options":
    """How the definition wants the ONNX form written."""
    from lastmile.exporting.onnx.options import Options

    form = file.onnx
    return Options(trees=form.trees, weights=form.weights, zipmap=form.zipmap)


def _keep_or_clear(target: Path, evidence: "Evidence") -> None:
    """Keep the evidence of an export that fails beside where its bundle would stand.

    Raises:
        EvidenceFailed: it fails, and nobody accepted that.
    """
    from lastmile.exporting.evidence import demand_holds

    kept = target.with_name(f"{target.name}.evidence.json")
    if evidence.verdict != "fails":
        kept.unlink(missing_ok=True)
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(evidence.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    write_text(kept, f"{text}\n")
    demand_holds(evidence, kept=str(kept))


def _metadata(file: ExportFile) -> dict[str, str]:
    texts = {
        "title": file.title,
        "description": file.description,
        "author": file.author,
        "license": file.license,
        "version": file.version,
    }
    return {key: text for key, text in texts.items() if text}


def check_bundle(path: Path) -> "Check":
    """Evaluate the golden rows of the bundle at `path` again, from its own files.

    Raises:
        BundleBroken: it is not whole, was changed, or is not a bundle.
    """
    from lastmile.exporting.bundle import check_bundle as check

    return check(path)
