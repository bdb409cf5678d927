"""ONNX to Core ML: raw rows in, and the same answers, checked without a Mac.

view       an ONNX model as the lowering reads it
foreign    any ONNX model as a graph of ours
text_steps which values depend on nothing but texts
text_tables what a graph makes of one column of texts, as one table
ensembles  the newer operator of trees as the older ones
answer     the plumbing between scores and labels, recognised
features   what flows between stages
pipeline   a Core ML pipeline in the making
stages/    ONNX operators as Core ML's classic model types
mil/       ONNX operators as ML Programs
lowering   the partition: what becomes a stage, what a program
ending     how a model ends: labels with their probabilities, and numbers
weights    smaller weights, on request
wanted     what a caller may ask of a package
assemble   the outer model: interface and metadata
check      what Apple's compiler would refuse and its validator does not look at
reference/ what a Core ML file means, in NumPy: the evaluator
unknowns   what only a device can tell
package    the result: saved, loaded, run
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lastmile.errors import NotExportable
from lastmile.exporting.coreml.assemble import assemble
from lastmile.exporting.coreml.check import check
from lastmile.exporting.coreml.ending import lower
from lastmile.exporting.coreml.ensembles import as_regressors
from lastmile.exporting.coreml.mil import PACKED
from lastmile.exporting.coreml.package import Package, load_package
from lastmile.exporting.coreml.text_tables import with_text_tables
from lastmile.exporting.coreml.view import TARGET, View, view_of
from lastmile.exporting.coreml.wanted import Wanted
from lastmile.exporting.coreml.weights import compressed
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
    prefer: str = "exact",
    weights: str = "",
) -> Package:
    """The Core ML package that answers raw rows as `graph` does.

    It asks for the lowest iOS that its parts allow: 11 where Core ML's classic model types
    suffice, 15 with an ML Program; `minimum_ios` is the highest that is wanted, such as `"15"`.
    `metadata` may have title, description, author, license and version; help and unit of the
    columns come from the signature. `inputs` is `columns`, each an input of its own, or `vector`:
    all numbers in one array called `features`, for apps that prepare them themselves.

    `prefer` is `exact`, trees as Core ML's own, or `size`: whichever is smaller, those or packed
    tensors of 32-bit floats in an ML Program. `weights` makes those of programs smaller and less
    exact: see :data:`lastmile.exporting.coreml.weights.SCHEMES`.

    Raises:
        NotExportable: a step has no exact form in Core ML, or none for this iOS.
        BadDefinition: an option is none of those.
    """
    wanted = Wanted(minimum_ios=minimum_ios, inputs=inputs, prefer=prefer, weights=weights)
    wanted.demand_numbers(graph.signature)
    view = _view(graph)

    def package(packs: bool) -> Package:
        lowered = lower(view, graph.signature, vector=wanted.vector, packs=packs)
        lowered = compressed(lowered, weights) if weights else lowered
        wanted.demand_old_enough(lowered)
        spec = assemble(lowered, graph.signature, name=name, metadata=metadata)
        return Package(_sound(spec), graph.signature, lowered.weights)

    made = package(packs=False)
    if prefer == "size" and any(node.op in PACKED.ops for node in view.nodes):
        with suppress(NotExportable):
            made = min(made, package(packs=True), key=lambda one: one.size)
    return made


def _view(graph: Graph) -> View:
    """The graph as it is lowered: with tables of texts, and trees in one form."""
    proto = graph.unrewritten
    columns = graph.signature.columns
    texts = [one.identifier for one in columns if one.kind is Kind.STRING]
    targets = [one.name for one in graph.signature.outputs]
    return as_regressors(with_text_tables(view_of(proto), proto, texts, targets))


def _sound(spec: Any) -> Any:
    """The message, if Apple's compiler would take it."""
    faults = check(spec)
    if faults:
        raise NotExportable("the model", target=TARGET, reason="; ".join(map(str, faults[:3])))
    return spec
