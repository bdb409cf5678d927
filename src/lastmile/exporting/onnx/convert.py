"""Estimator and sample become an ONNX graph."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import onnx
import pandas as pd

from lastmile.errors import NotExportable
from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.assembly import drafted, model_of
from lastmile.exporting.onnx.converters import CONVERTERS
from lastmile.exporting.onnx.foreign import by_skl2onnx
from lastmile.exporting.onnx.graph import Graph, demand_plain
from lastmile.exporting.onnx.middles import middles_of, numbers_of
from lastmile.exporting.onnx.nodes import Part, Parts
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.phone_texts import blanks_of
from lastmile.exporting.onnx.refused import demand_not_refused
from lastmile.exporting.onnx.rewrites import rewritten
from lastmile.exporting.onnx.runtime import demand_sound_runtime
from lastmile.exporting.onnx.weights import narrowed
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.onnx.zipmap import zipped
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

    `estimator` is fitted, usually a pipeline; `sample` are raw rows as it was fitted with. Each
    column that it reads becomes one input [N, 1] called by the column's identifier:

        sample                         input   missing
        floats; whole numbers and NaN  f32     NaN
        whole numbers                  i64     never
        texts, categories of texts     string  the empty string
        truth values                   bool    never

    Outputs of N rows are `label` i64 or string [N], `probabilities` f32 [N, K], `score` f32
    [N, width] if `options.score`, `value` f32 [N, width]; the signature says which. Nothing is
    compared here: that does :func:`lastmile.export_estimator`.

    Raises:
        NotExportable: a step has no exact form in ONNX.
        RuntimeRefused: an installed library is known to write or run graphs wrongly.
        NotFitted, SampleLacksColumn, RowsRefused, Faults: as :func:`read_signature`.
    """
    demand_sound_runtime()
    options = options or Options()
    signature = signature or read_signature(estimator, sample, score=options.score)
    demand_not_refused(estimator)
    writer, answer = write(estimator, sample, signature, options)
    outputs = answer_outputs(writer, answer, signature)
    draft = drafted(writer, signature, outputs)
    small, narrow = narrowed(rewritten(draft), options.weights)
    proto = model_of(zipped(small, signature) if options.zipmap else small, signature)
    _demand_sound(proto, estimator)
    steps = writer.owners | {
        output: writer.owners[value] for output, value in outputs.items() if value in writer.owners
    }
    held = None if options.weights == "float32" else narrow
    return Graph(proto, signature, _of_steps(proto, steps), draft, held)


def _of_steps(proto: onnx.ModelProto, known: Mapping[str, str]) -> dict[str, str]:
    """`known`, and for each value that a rewrite made the step that reads it first."""
    found, reader = dict(known), dict[str, str]()
    for node in reversed(proto.graph.node):
        step = next((known[n] for n in node.output if n in known), "")
        step = step or next((reader[n] for n in node.output if n in reader), "")
        if step:
            found |= dict.fromkeys(node.output, step)
            reader |= dict.fromkeys(node.input, step)
    return found


def _demand_sound(proto: onnx.ModelProto, estimator: Any) -> None:
    try:
        demand_plain(proto)
    except Exception as error:
        raise NotExportable(
            type(estimator).__name__, target="ONNX", reason=f"the graph is not sound: {error}"
        ) from error


def write(
    estimator: Any, sample: pd.DataFrame, signature: Signature, options: Options
) -> tuple[Writer, Answer]:
    """All nodes of the estimator over the raw columns, and what it answers."""
    writer, answer = _written(estimator, sample, signature, options)
    if _mixed(writer.nodes):
        return _written(estimator, sample, signature, replace(options, trees=3))
    return writer, answer


def _written(
    estimator: Any, sample: pd.DataFrame, signature: Signature, options: Options
) -> tuple[Writer, Answer]:
    outputs = [output.name for output in signature.outputs]
    inputs = [column.identifier for column in signature.columns]
    writer = Writer(CONVERTERS, by_skl2onnx, options, taken=[*inputs, *outputs])
    writer.middles = middles_of(sample, signature)
    writer.numbers = numbers_of(sample, signature)
    writer.markers = {
        column.identifier: column.marker
        for column in signature.columns
        if column.marker is not None
    }
    writer.blanks = blanks_of(sample, signature)
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
