"""ONNX to Core ML: raw rows in, and the same answers, checked without a Mac.

view       an ONNX model as the lowering reads it
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

from lastmile.errors import NotExportable
from lastmile.exporting.coreml.assemble import assemble
from lastmile.exporting.coreml.check import check
from lastmile.exporting.coreml.ending import lower
from lastmile.exporting.coreml.package import Package, load_package
from lastmile.exporting.coreml.view import TARGET, view_of
from lastmile.exporting.onnx import Graph

__all__ = ["Package", "check", "load_package", "to_coreml"]


def to_coreml(graph: Graph, *, name: str, metadata: Mapping[str, str] = {}) -> Package:
    """The Core ML package that answers raw rows as `graph` does.

    It asks for the lowest iOS that its parts allow: 11 where Core ML's classic model types
    suffice, 15 with an ML Program. `metadata` may have title, description, author, license and
    version; help and unit of the columns come from the signature.

    Raises:
        NotExportable: a step has no exact form in Core ML.
    """
    lowered = lower(as_regressors(view_of(graph.proto)), graph.signature)
    spec = assemble(lowered, graph.signature, name=name, metadata=metadata)
    faults = check(spec)
    if faults:
        raise NotExportable("the model", target=TARGET, reason="; ".join(map(str, faults[:3])))
    return Package(spec, graph.signature, lowered.weights)
