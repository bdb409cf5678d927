"""Estimator and sample become an ONNX graph."""

from dataclasses import replace
from importlib.metadata import version
from typing import Any

import onnx
import pandas as pd

from lastmile.errors import NotExportable
from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters import CONVERTERS
from lastmile.exporting.onnx.foreign import by_skl2onnx
from lastmile.exporting.onnx.graph import Graph, demand_plain
from lastmile.exporting.onnx.middles import middles_of
from lastmile.exporting.onnx.nodes import ELEMENTS, OPSETS, Part, Parts
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.refused import demand_not_refused
from lastmile.exporting.onnx.runtime import demand_sound_runtime
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind, Output, Signature, read_signature
from lastmile.exporting.signature.parts import raw_names


def to_onnx(
    estimator: Any,
    sample: pd.DataFrame,
    *,
    signature: Signature | None = None,
    options: Options | None = None,
) -> Graph:
    """The graph that answers raw rows as `estimator` does.

    One typed input [N, 1] per raw column, called by its identifier; outputs are those of the
    signature.

    Raises:
        NotExportable: a step has no exact form in ONNX.
        RuntimeRefused: an installed library is known to write or run graphs wrongly.
        NotFitted, SampleLacksColumn, RowsRefused: as :func:`read_signature`.
    """
    demand_sound_runtime()
    options = options or Options()
    signature = signature or read_signature(estimator, sample, score=options.score)
    demand_not_refused(estimator)
    writer, answer = write(estimator, sample, signature, options)
    if _mixed(writer.nodes):
        writer, answer = write(estimator, sample, signature, replace(options, trees=3))
    outputs = answer_outputs(writer, answer, signature)
    proto = assemble(writer, signature, outputs)
    try:
        demand_plain(proto)
    except Exception as error:
        raise NotExportable(
            type(estimator).__name__, target="ONNX", reason=f"the graph is not sound: {error}"
        ) from error
    return Graph(proto, signature, writer.owners)


def write(
    estimator: Any, sample: pd.DataFrame, signature: Signature, options: Options
) -> tuple[Writer, Answer]:
    """All nodes of the estimator over the raw columns, and what it answers."""
    outputs = [output.name for output in signature.outputs]
    inputs = [column.identifier for column in signature.columns]
    writer = Writer(CONVERTERS, by_skl2onnx, options, taken=[*inputs, *outputs])
    writer.middles = middles_of(sample, signature)
    names = raw_names(estimator, [str(name) for name in sample.columns])
    writer.names = tuple(names)
    return writer, writer.answer(estimator, raw_parts(signature, names))


_OLD_TREES = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")


def _mixed(nodes: list[onnx.NodeProto]) -> bool:
    """Whether trees stand in both forms, of which an operator set has only one."""
    types = {node.op_type for node in nodes}
    return "TreeEnsemble" in types and bool(types.intersection(_OLD_TREES))


def raw_parts(signature: Signature, names: list[str]) -> Parts:
    """One part for each raw column, in order; one that is not read has no name."""
    read = {column.name: column for column in signature.columns}
    return tuple(
        Part(read[name].identifier, read[name].kind) if name in read else Part("", Kind.FLOAT)
        for name in names
    )


def answer_outputs(writer: Writer, answer: Answer, signature: Signature) -> dict[str, str]:
    """The value in the graph for each output of the signature.

    Raises:
        NotExportable: the estimator's converter does not give one.
    """
    found = {output.name: _value(writer, answer, output) for output in signature.outputs}
    for name, value in found.items():
        if not value:
            raise NotExportable("the estimator", target="ONNX", reason=f"it has no `{name}`")
    return found


def _value(writer: Writer, answer: Answer, output: Output) -> str:
    if answer.targets:
        answer = answer.targets[output.target]
    if output.role == "label":
        return answer.label or label_of(writer, answer)
    if output.role == "probabilities":
        return answer.probabilities
    if output.role == "score":
        return answer.score
    return answer.value or writer.matrix(answer.features)


def label_of(writer: Writer, answer: Answer) -> str:
    """The label [N] at the position that the answer gives."""
    return writer("Gather", writer.labels(answer.classes), answer.index, axis=0)


def assemble(writer: Writer, signature: Signature, outputs: dict[str, str]) -> onnx.ModelProto:
    """The nodes that the outputs need, as a model."""
    nodes = _needed(writer.nodes, set(outputs.values()))
    for name, value in outputs.items():
        nodes.append(onnx.helper.make_node("Identity", [value], [name]))
    used = {name for node in nodes for name in node.input}
    shapes = {output.name: output for output in signature.outputs}
    graph = onnx.helper.make_graph(
        nodes,
        "lastmile",
        [
            onnx.helper.make_tensor_value_info(column.identifier, ELEMENTS[column.kind], ["N", 1])
            for column in signature.columns
        ],
        [_described(shapes[name]) for name in outputs],
        [tensor for tensor in writer.constants if tensor.name in used],
    )
    return onnx.helper.make_model(
        graph,
        opset_imports=opsets_of(nodes),
        ir_version=10,
        producer_name="lastmile",
        producer_version=version("lastmile"),
    )


def _described(output: Output) -> onnx.ValueInfoProto:
    shape: list[str | int | None] = ["N"] if output.role == "label" else ["N", output.width]
    return onnx.helper.make_tensor_value_info(output.name, ELEMENTS[output.kind], shape)


def _needed(nodes: list[onnx.NodeProto], wanted: set[str]) -> list[onnx.NodeProto]:
    """The nodes behind the values `wanted`, in order."""
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted = wanted | set(node.input)
    return kept[::-1]


def opsets_of(nodes: list[onnx.NodeProto]) -> list[onnx.OperatorSetIdProto]:
    """The operator sets that the nodes need."""
    newest = any(node.op_type == "TreeEnsemble" for node in nodes)
    numbers = {"": OPSETS[""]}
    if any(node.domain == ML for node in nodes):
        numbers[ML] = OPSETS[ML] if newest else 3
    return [onnx.helper.make_opsetid(domain, number) for domain, number in numbers.items()]
