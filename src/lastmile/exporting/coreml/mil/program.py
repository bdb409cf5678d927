"""From operators of the graph to an ML Program: one function, its weights, its messages."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from lastmile.errors import LastmileError
from lastmile.exporting.coreml.features import Feature, Form, Vector, describe
from lastmile.exporting.coreml.mil import PACKED, TENSORS
from lastmile.exporting.coreml.schema import PROGRAM, coremltools, dtype_name, new_model
from lastmile.exporting.coreml.stages.final import Names
from lastmile.exporting.coreml.view import Node
from lastmile.exporting.signature import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A value whose largest element names a class: those given, else the numbers from 0 on."""

    value: str
    classes: tuple[str | int, ...]
    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Operators to be one program.

    inputs: the vectors that enter, by value name, each with the array that carries it.
    outputs: the values that leave, by value name, each with the name of its array.
    ending: how the program ends in a label, if it does.
    """

    nodes: Sequence[Node]
    constants: Mapping[str, np.ndarray]
    opsets: Mapping[str, int]
    inputs: Mapping[str, tuple[Vector, Feature]]
    outputs: Mapping[str, str]
    ending: Ending | None = None


def build_program(tail: Tail) -> tuple[Any, bytes, dict[str, Vector]]:
    """The `Model` message, the content of its weight file, and the vectors that leave it.

    The program computes in 32-bit floats throughout: none of coremltools' passes run, of which
    one would narrow it to 16 bits.

    Raises:
        NotExportable: a node has no exact form in an ML Program.
    """
    builder = _Builder()
    arrays = {feature.name: feature for _, feature in tail.inputs.values()}
    with builder.function(arrays.values()) as entered:
        values = {
            name: _entered(builder.mb, entered[feature.name], vector)
            for name, (vector, feature) in tail.inputs.items()
        }
        for node in tail.nodes:
            _lower(builder.mb, node, tail, values)
        leaving, made, shapes = _leaving(builder.mb, tail, values)
        builder.finish(leaving)
    program, weights = builder.written()
    model = new_model(PROGRAM)
    model.mlProgram.CopyFrom(program)
    describe(model, list(arrays.values()), made)
    return model, weights, shapes


class _Builder:
    """coremltools' builder, and the program under construction."""

    def __init__(self) -> None:
        self._ct = coremltools()
        self._mil = import_module("coremltools.converters.mil.mil")
        self.mb = import_module("coremltools.converters.mil").Builder
        self._function: Any = None

    @contextmanager
    def function(self, arrays: Any) -> Iterator[dict[str, Any]]:
        """Operations built in the block belong to the program; yields its inputs by name."""
        places = {one.name: self.mb.placeholder(shape=(one.width,)) for one in arrays}
        # coremltools counts names per process; the same graph should give the same names
        counted, self.mb.name_count = self.mb.name_count, defaultdict(int)
        try:
            with self._mil.Function(places, opset_version=self._ct.target.iOS15) as function:
                self._function = function
                yield dict(function.inputs)
        finally:
            self.mb.name_count = counted

    def finish(self, outputs: Sequence[Any]) -> None:
        self._function.set_outputs(list(outputs))

    def written(self) -> tuple[Any, bytes]:
        load = import_module("coremltools.converters.mil.backend.mil.load")
        program = self._mil.Program()
        program.add_function("main", self._function)
        with tempfile.TemporaryDirectory() as folder:
            exporter = load.MILProtoExporter(program, folder, PROGRAM)
            message = exporter.export()
            exporter.blob_writers.clear()
            weights = Path(folder, "weight.bin")
            return message, weights.read_bytes() if weights.exists() else b""


def _entered(mb: Any, array: Any, vector: Vector) -> Any:
    """The tensor of the graph that an array at the entrance stands for."""
    value = mb.reshape(x=array, shape=list(vector.shape)) if len(vector.shape) != 1 else array
    if vector.kind is Kind.INT:
        return mb.cast(x=value, dtype="int32")
    return mb.cast(x=value, dtype="bool") if vector.kind is Kind.BOOL else value


def _lower(mb: Any, node: Node, tail: Tail, values: dict[str, Any]) -> None:
    opset = tail.opsets.get(node.op.domain, 1)
    claim = TENSORS.find(node.op, opset) or PACKED.find(node.op, opset)
    if claim is None:
        raise node.refuse(TENSORS.reason(node.op))
    inputs = [_input(node, name, tail, values) for name in node.inputs]
    try:
        made = claim.handle(mb, node, *inputs)
    except LastmileError:
        raise
    except Exception as error:  # the builder checks types and shapes with errors of every class
        raise node.refuse(f"coremltools does not build it: {error}") from error
    outputs = made if isinstance(made, tuple) else (made,)
    values.update(zip(node.outputs, outputs, strict=False))


def _input(node: Node, name: str, tail: Tail, values: dict[str, Any]) -> Any:
    if not name:
        return None
    if name in values:
        return values[name]
    return _narrowed(node, tail.constants[name])


def _narrowed(node: Node, constant: np.ndarray) -> np.ndarray:
    """A constant in the types that an ML Program has."""
    if constant.dtype == object:
        raise node.refuse("texts only enter and leave as whole columns")
    if np.issubdtype(constant.dtype, np.floating):
        return constant.astype(np.float32)
    if np.issubdtype(constant.dtype, np.integer):
        clipped = np.clip(constant, -(2**31), 2**31 - 1)
        return np.asarray(clipped, dtype=np.int32)
    return constant


def _leaving(
    mb: Any, tail: Tail, values: dict[str, Any]
) -> tuple[list[Any], list[Feature], dict[str, Vector]]:
    """Program values at the exit, the features that they are, and the vectors of the graph."""
    leaving: list[Any] = []
    made: list[Feature] = []
    vectors: dict[str, Vector] = {}
    for name, array in tail.outputs.items():
        value = values[name]
        kind = _kind(value)
        flat = mb.cast(x=value, dtype="fp32") if kind is not Kind.FLOAT else value
        width = int(np.prod(value.shape, dtype=int))
        leaving.append(mb.reshape(x=flat, shape=[width], name=array))
        feature = Feature(array, Form.ARRAY32, width)
        made.append(feature)
        vectors[name] = Vector((feature,), tuple(int(size) for size in value.shape), kind)
    if tail.ending is not None:
        scores = values[tail.ending.value]
        classes = tail.ending.classes or tuple(range(scores.shape[-1]))
        leaving += _classified(mb, scores, classes, tail.ending.names)
        made += tail.ending.names.interface(classes)
    return leaving, made, vectors


def _classified(mb: Any, scores: Any, classes: tuple[str | int, ...], names: Names) -> list[Any]:
    mil = import_module("coremltools.converters.mil.mil")
    listed = [one if isinstance(one, str) else np.int64(one) for one in classes]
    flat = mb.reshape(x=scores, shape=[len(classes)], name=f"flat_{names.label}")
    label, probabilities = mb.classify(
        probabilities=flat, classes=mb.const(val=mil.mil_list(listed))
    )
    label.name, probabilities.name = names.label, names.probabilities
    return [label, probabilities]


def _kind(value: Any) -> Kind:
    return {"fp32": Kind.FLOAT, "bool": Kind.BOOL}.get(dtype_name(value), Kind.INT)
