"""ONNX to Core ML: raw rows in, and the same answers, checked without a Mac.

view       an ONNX model as the lowering reads it
foreign    any ONNX model as a graph of ours
ensembles  the newer operator of trees as the older ones
answer     the plumbing between scores and labels, recognised
features   what flows between stages
pipeline   a Core ML pipeline in the making
stages/    ONNX operators as Core ML's classic model types
mil/       ONNX operators as ML Programs
lowering   the partition: what becomes a stage, what a program
ending     how a model ends: labels with their probabilities, and numbers
assemble   the outer model: interface and metadata
check      what Apple's compiler would refuse and its validator does not look at
reference/ what a Core ML file means, in NumPy: the evaluator
unknowns   what only a device can tell
package    the result: saved, loaded, run
"""

from collections.abc import Mapping

from lastmile.errors import BadDefinition, NotExportable
from lastmile.exporting.coreml.assemble import assemble
from lastmile.exporting.coreml.check import check
from lastmile.exporting.coreml.ending import Lowered, lower
from lastmile.exporting.coreml.ensembles import as_regressors
from lastmile.exporting.coreml.package import Package, load_package
from lastmile.exporting.coreml.schema import minimum_ios as minimum_ios_of
from lastmile.exporting.coreml.view import TARGET, view_of
from lastmile.exporting.onnx import Graph
from lastmile.exporting.signature import Kind

__all__ = ["Package", "check", "load_package", "to_coreml"]


def to_coreml(
    graph: Graph,
    *,
    name: str,
    metadata: Mapping[str, str] = {},
    minimum_ios: str = "",
    inputs: str = "columns",
) -> Package:
    """The Core ML package that answers raw rows as `graph` does.

    It asks for the lowest iOS that its parts allow: 11 where Core ML's classic model types
    suffice, 15 with an ML Program; `minimum_ios` is the highest that is wanted, such as `"15"`.
    `metadata` may have title, description, author, license and version; help and unit of the
    columns come from the signature. `inputs` is `columns`, each an input of its own, or `vector`:
    all numbers in one array called `features`, for apps that prepare them themselves.

    Raises:
        NotExportable: a step has no exact form in Core ML, or none for this iOS.
        BadDefinition: `minimum_ios` or `inputs` is none of those.
    """
    cap = _cap(minimum_ios)
    if inputs not in INPUTS:
        raise BadDefinition(
            f"inputs = {inputs!r} is unknown", where="inputs", fix=f"use {' or '.join(INPUTS)}"
        )
    if inputs == "vector":
        _demand_numbers(graph)
    view = as_regressors(view_of(graph.unrewritten))
    lowered = lower(view, graph.signature, vector=inputs == "vector")
    _demand_at_most(cap, lowered)
    spec = assemble(lowered, graph.signature, name=name, metadata=metadata)
    faults = check(spec)
    if faults:
        raise NotExportable("the model", target=TARGET, reason="; ".join(map(str, faults[:3])))
    return Package(spec, graph.signature, lowered.weights)


INPUTS = ("columns", "vector")


def _cap(minimum_ios: str) -> float:
    try:
        return float(minimum_ios or "inf")
    except ValueError as error:
        raise BadDefinition(
            f"minimum_ios = {minimum_ios!r} is no version of iOS",
            where="minimum_ios",
            fix="write it like 15 or 16.4",
        ) from error


def _demand_numbers(graph: Graph) -> None:
    for column in graph.signature.columns:
        if column.kind is Kind.STRING:
            raise NotExportable(
                f"the column `{column.name}`",
                target=TARGET,
                reason="an array holds numbers, and it holds texts",
                fix="use inputs = columns",
            )


def _demand_at_most(cap: float, lowered: Lowered) -> None:
    for need in lowered.needs:
        wanted = minimum_ios_of(need.version)
        if float(wanted) > cap:
            raise NotExportable(
                f"the stage `{need.stage}`",
                target=f"iOS {cap:g}",
                reason=f"an ML Program needs iOS {wanted}, and {need.why}",
                fix=f"allow minimum_ios = {wanted}, or use a simpler estimator",
            )
