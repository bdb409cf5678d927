"""Estimator and sample become an ONNX graph."""

import logging
import warnings
from importlib.metadata import version
from typing import Any

import onnx
import pandas as pd

from lastmile.errors import LastmileError, NotExportable
from lastmile.exporting.onnx.graph import Graph, demand_plain
from lastmile.exporting.onnx.prepare import input_types, prepare
from lastmile.exporting.onnx.refused import demand_not_refused
from lastmile.exporting.onnx.runtime import demand_sound_runtime
from lastmile.exporting.onnx.trees import correct_trees
from lastmile.exporting.signature import Signature, read_signature
from lastmile.exporting.signature.parts import parts, raw_names

OPSETS = {"": 21, "ai.onnx.ml": 3}
"""Highest operator sets of a graph; skl2onnx writes the lowest that its operators need.

`ai.onnx` 21 is read by ONNX Runtime 1.18 and later. `ai.onnx.ml` stays at 3 as skl2onnx has no
converters for the tree operator of version 5 and refuses IsolationForest from version 4 on.
"""


def to_onnx(estimator: Any, sample: pd.DataFrame, *, signature: Signature | None = None) -> Graph:
    """The graph that answers raw rows as `estimator` does.

    One typed input [N, 1] per raw column, called by its identifier; outputs `label` [N] and
    `probabilities` [N, K] f32, or `value` [N, width] f32.

    Raises:
        NotExportable: a step has no exact form in ONNX.
        RuntimeRefused: an installed library is known to write or run graphs wrongly.
        NotFitted, SampleLacksColumn, RowsRefused: as :func:`read_signature`.
    """
    demand_sound_runtime()
    signature = signature or read_signature(estimator, sample)
    demand_not_refused(estimator)
    names = raw_names(estimator, [str(name) for name in sample.columns])
    proto = _convert(prepare(estimator, signature, names), signature)
    correct_trees(proto, estimator)
    _name_outputs(proto, signature)
    _tidy(proto)
    try:
        demand_plain(proto)
    except Exception as error:
        raise _refusal(estimator, str(error)) from error
    return Graph(proto, signature)


def _convert(prepared: Any, signature: Signature) -> onnx.ModelProto:
    from skl2onnx import convert_sklearn

    logging.getLogger("skl2onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            proto: onnx.ModelProto = convert_sklearn(
                prepared,
                name="lastmile",
                initial_types=input_types(signature),
                target_opset=OPSETS,
                options=_options(prepared, signature),
            )
            return proto
    except LastmileError:
        raise
    except Exception as error:  # skl2onnx raises whatever its converters happen to raise
        raise _refusal(prepared, f"{type(error).__name__}: {error}") from error


def _options(prepared: Any, signature: Signature) -> dict[Any, Any] | None:
    """Probabilities as one array; classifiers without any may not know that option."""
    if signature.output("probabilities"):
        return {"zipmap": False}
    if signature.output("label"):
        return {type(part): {} for _, part in parts(prepared) if hasattr(part, "classes_")}
    return None


def _refusal(estimator: Any, message: str) -> NotExportable:
    """The refusal in the name of the part that skl2onnx complains about, if it can be found."""
    lines = message.strip().splitlines()
    step = next(
        (path for path, part in reversed(list(parts(estimator))) if type(part).__name__ in message),
        type(estimator).__name__,
    )
    return NotExportable(
        step,
        target="ONNX",
        reason=lines[0][:300] if lines else "skl2onnx does not say why",
        fix="use an estimator that skl2onnx converts",
    )


def _name_outputs(proto: onnx.ModelProto, signature: Signature) -> None:
    """Give the outputs their names, and drop those that the signature does not have."""
    found = list(proto.graph.output)
    wanted = [output.name for output in signature.outputs]
    if len(found) < len(wanted):
        raise NotExportable("the estimator", target="ONNX", reason="it has too few outputs")
    del proto.graph.output[len(wanted) :]
    _drop_unused(proto)
    for value, name in zip(found, wanted, strict=False):
        _rename(proto, value.name, name)


def _drop_unused(proto: onnx.ModelProto) -> None:
    """Drop the nodes and constants that no output needs."""
    needed = {value.name for value in proto.graph.output}
    kept = []
    for node in reversed(proto.graph.node):
        if needed & set(node.output):
            kept.append(node)
            needed |= set(node.input)
    constants = [tensor for tensor in proto.graph.initializer if tensor.name in needed]
    del proto.graph.node[:], proto.graph.initializer[:]
    proto.graph.node.extend(reversed(kept))
    proto.graph.initializer.extend(constants)


def _rename(proto: onnx.ModelProto, old: str, new: str) -> None:
    """Call the value `old` `new` wherever it stands; whatever was called `new` steps aside."""
    swap = {old: new, new: f"{new}_inner"} if old != new else {}
    for node in proto.graph.node:
        node.input[:] = [swap.get(name, name) for name in node.input]
        node.output[:] = [swap.get(name, name) for name in node.output]
    for value in (*proto.graph.output, *proto.graph.value_info):
        value.name = swap.get(value.name, value.name)


def _tidy(proto: onnx.ModelProto) -> None:
    """One entry per operator set (skl2onnx can write the same one twice), and who made it."""
    opsets: dict[str, int] = {}
    for entry in proto.opset_import:
        opsets[entry.domain] = max(entry.version, opsets.get(entry.domain, 0))
    del proto.opset_import[:]
    proto.opset_import.extend(
        onnx.helper.make_opsetid(domain, number) for domain, number in sorted(opsets.items())
    )
    proto.producer_name = "lastmile"
    proto.producer_version = version("lastmile")
    proto.domain = ""
    proto.doc_string = ""
