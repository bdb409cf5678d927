"""Any ONNX model as a graph of ours: one input per column, and outputs called as everywhere here.

What skl2onnx, onnxmltools and PyTorch write has tensors `float[N, F]` as inputs, dictionaries by
`ZipMap` as outputs, and names of its own. The model is rewritten around its edges only: each column
enters by itself and is joined again, `ZipMap` goes, and outputs become `label`, `probabilities`,
`score` and `value`. What it answers is learned by asking ONNX Runtime one row.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from lastmile.errors import NotExportable, RowsRefused
from lastmile.exporting.coreml.answer import Reading
from lastmile.exporting.coreml.view import TARGET, view_of
from lastmile.exporting.onnx import Graph
from lastmile.exporting.signature import Column, Kind, Output, Signature, Task
from lastmile.exporting.signature.identifiers import identifiers
from lastmile.exporting.signature.phone import MISSING

_T = onnx.TensorProto
_KINDS = {
    _T.FLOAT: Kind.FLOAT,
    _T.DOUBLE: Kind.FLOAT,
    _T.INT64: Kind.INT,
    _T.INT32: Kind.INT,
    _T.STRING: Kind.STRING,
    _T.BOOL: Kind.BOOL,
}
_ELEMENTS = {
    Kind.FLOAT: _T.FLOAT,
    Kind.INT: _T.INT64,
    Kind.STRING: _T.STRING,
    Kind.BOOL: _T.BOOL,
}
_MOST_COLUMNS = 10_000
_INSIDE = "inner_"


def read_model(path: Path) -> tuple[Graph, bool]:
    """The graph of an ONNX file that anything may have written.

    The second value says whether the model reads one table of numbers and nothing else.

    Raises:
        RowsRefused: it is no sound ONNX model, or ONNX Runtime does not run it.
        NotExportable: its inputs are no columns, or its outputs no answers to rows.
    """
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(path.read_bytes())
        if not proto.graph.node:
            raise ValueError("it has no operators")
        onnx.checker.check_model(proto)
    except OSError as error:
        raise RowsRefused(
            f"{path.name} cannot be read: {error.strerror}", fix="name an .onnx file"
        ) from error
    except Exception as error:  # protobuf and the checker have errors of every class
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise RowsRefused(
            f"{path.name} is not a sound ONNX model: {line}", fix="name an .onnx file"
        ) from error
    graph = adopted(proto)
    constants = {tensor.name for tensor in proto.graph.initializer}
    inputs = [one for one in proto.graph.input if one.name not in constants]
    texts = any(column.kind is Kind.STRING for column in graph.signature.columns)
    return graph, len(inputs) == 1 and len(graph.signature.columns) > 1 and not texts


def adopted(proto: onnx.ModelProto) -> Graph:
    """The model with one input per column and with outputs of ours; the given one is kept.

    Raises:
        NotExportable: its inputs are no columns, or its outputs no answers to rows.
        RowsRefused: ONNX Runtime does not run it.
    """
    _demand_alone(proto)
    model = onnx.ModelProto()
    model.CopyFrom(proto)
    entrances = list(_entrances(model.graph))
    columns = tuple(column for entrance in entrances for column in entrance.columns)
    _rename_inside(model.graph)
    classes = _without_zip_maps(model.graph)
    _put_entrances(model.graph, entrances)
    outputs = _outputs(model, columns, classes)
    _put_outputs(model.graph, outputs)
    answers = tuple(one.output for one in outputs)
    labelled = any(one.role == "label" for one in answers)
    return Graph(
        model,
        Signature(
            task=Task.CLASSIFY if labelled else Task.REGRESS, columns=columns, outputs=answers
        ),
    )


def _demand_alone(proto: onnx.ModelProto) -> None:
    if proto.functions:
        raise _refusal(f"it defines {proto.functions[0].name} itself")
    for tensor in proto.graph.initializer:
        if tensor.data_location == _T.EXTERNAL:
            raise _refusal(f"it keeps `{tensor.name}` in another file")
    for node in proto.graph.node:
        if any(one.type == onnx.AttributeProto.GRAPH for one in node.attribute):
            raise _refusal(f"the body of {node.op_type} would have to be a program of its own")


# --- inputs ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entrance:
    """One input of the model, and the columns that it is made of."""

    name: str
    element: int
    columns: tuple[Column, ...]
    rank: int


def _entrances(graph: onnx.GraphProto) -> Iterator[Entrance]:
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [one for one in graph.input if one.name not in constants]
    widths = [_width(one) for one in inputs]
    if sum(widths) > _MOST_COLUMNS:
        raise _refusal(f"it has {sum(widths)} columns")
    names = [
        name
        for one, width in zip(inputs, widths, strict=True)
        for name in ([one.name] if width == 1 else [f"{one.name}_{at}" for at in range(width)])
    ]
    ready = iter(zip(names, identifiers(names), strict=True))
    for one, width in zip(inputs, widths, strict=True):
        tensor = one.type.tensor_type
        kind = _KINDS[tensor.elem_type]
        columns = tuple(
            Column(name=name, identifier=plain, kind=kind, missing=MISSING.get(kind))
            for name, plain in (next(ready) for _ in range(width))
        )
        yield Entrance(_INSIDE + one.name, tensor.elem_type, columns, len(tensor.shape.dim))


def _width(value: onnx.ValueInfoProto) -> int:
    """How many columns an input has."""
    kind = value.type.WhichOneof("value")
    tensor = value.type.tensor_type
    if kind != "tensor_type" or tensor.elem_type not in _KINDS:
        raise _refusal(f"its input `{value.name}` is no tensor of numbers or texts")
    sizes = tensor.shape.dim
    if not tensor.HasField("shape") or len(sizes) not in (1, 2):
        raise _refusal(f"its input `{value.name}` is no table: rows, and columns beside each other")
    if len(sizes) == 1:
        return 1
    if not sizes[1].HasField("dim_value") or sizes[1].dim_value < 1:
        raise _refusal(
            f"its input `{value.name}` does not say how many columns it has",
            "write it again with a shape such as [None, 4]",
        )
    return int(sizes[1].dim_value)


def _put_entrances(graph: onnx.GraphProto, entrances: list[Entrance]) -> None:
    """Columns as inputs, and the nodes that join them to what the model reads."""
    constants = {tensor.name for tensor in graph.initializer}
    kept = [one for one in graph.input if one.name in constants]
    del graph.input[:]
    graph.input.extend(kept)
    first: list[onnx.NodeProto] = []
    for entrance in entrances:
        names = [column.identifier for column in entrance.columns]
        kind = entrance.columns[0].kind
        graph.input.extend(
            onnx.helper.make_tensor_value_info(name, _ELEMENTS[kind], ["N", 1]) for name in names
        )
        joined = names[0]
        if len(names) > 1:
            joined = f"{entrance.name}_joined"
            first.append(onnx.helper.make_node("Concat", names, [joined], axis=1))
        if entrance.rank == 1:
            flat, shape = f"{entrance.name}_flat", f"{entrance.name}_shape"
            graph.initializer.append(onnx.numpy_helper.from_array(np.array([-1]), shape))
            first.append(onnx.helper.make_node("Reshape", [joined, shape], [flat]))
            joined = flat
        if entrance.element == _ELEMENTS[kind]:
            first.append(onnx.helper.make_node("Identity", [joined], [entrance.name]))
        else:
            to = entrance.element
            first.append(onnx.helper.make_node("Cast", [joined], [entrance.name], to=to))
    nodes = [*first, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _rename_inside(graph: onnx.GraphProto) -> None:
    """Every value gets a mark before its name, so that columns and outputs can have any name."""
    for node in graph.node:
        node.input[:] = [_INSIDE + name if name else "" for name in node.input]
        node.output[:] = [_INSIDE + name if name else "" for name in node.output]
    for values in (graph.initializer, graph.output, graph.input):
        for one in values:
            one.name = _INSIDE + one.name
    del graph.value_info[:]


# --- outputs ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Exit:
    """An output of ours, and the value of the model that it is."""

    output: Output
    value: str


def _without_zip_maps(graph: onnx.GraphProto) -> dict[str, tuple[Any, ...]]:
    """Take `ZipMap` away; tell by value the classes that it gave to the columns."""
    classes: dict[str, tuple[Any, ...]] = {}
    renamed: dict[str, str] = {}
    for node in [one for one in graph.node if one.op_type == "ZipMap"]:
        given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        texts = [text.decode() for text in given.get("classlabels_strings", ())]
        classes[node.input[0]] = tuple(texts or given.get("classlabels_int64s", ()))
        renamed[node.output[0]] = node.input[0]
        graph.node.remove(node)
    for one in graph.output:
        if one.name in renamed:
            one.name = renamed[one.name]
            one.ClearField("type")
    return classes


def _outputs(
    model: onnx.ModelProto, columns: tuple[Column, ...], classes: dict[str, tuple[Any, ...]]
) -> list[_Exit]:
    """What the outputs are, learned from one row."""
    names = [one.name for one in model.graph.output]
    arrays = dict(zip(names, _asked_once(model, columns, names), strict=True))
    known = next(iter(classes.values()), ()) or _classes_of(model, arrays)
    labels = [name for name in names if known and _is_label(arrays[name])]
    exits = []
    if len(labels) > 1:
        raise _refusal("it gives several labels")
    for name in labels:
        text = arrays[name].dtype.kind in "OUS"
        kind = Kind.STRING if text else Kind.INT
        exits.append(_Exit(Output(name="label", kind=kind, classes=known), name))
    numbers = [name for name in names if name not in labels]
    taken: dict[str, int] = {}
    roles = [_role(arrays[name], bool(labels), known, taken) for name in numbers]
    for name, role in zip(numbers, roles, strict=True):
        own = known if role == "probabilities" else ()
        exits.append(_Exit(_numbered(role, arrays[name], own, taken, roles.count(role)), name))
    return exits


def _is_label(array: np.ndarray) -> bool:
    """Whether it is one text or one whole number; of a model with classes that is the class."""
    return array.dtype.kind in "OUSiu" and array.size == 1


def _role(
    array: np.ndarray, labelled: bool, classes: tuple[Any, ...], taken: dict[str, int]
) -> str:
    if not labelled:
        return "value"
    if array.size == len(classes) and "probabilities" not in taken:
        taken["probabilities"] = 1
        return "probabilities"
    return "score"


def _numbered(
    role: str, array: np.ndarray, classes: tuple[Any, ...], taken: dict[str, int], count: int
) -> Output:
    name = role
    if count > 1:
        taken[role] = taken.get(role, 0) + 1
        name = f"{role}_{taken[role]}"
    return Output(name=name, kind=Kind.FLOAT, width=array.size, classes=classes)


def _asked_once(
    model: onnx.ModelProto, columns: tuple[Column, ...], names: list[str]
) -> list[np.ndarray]:
    """What ONNX Runtime answers to one row of ones and empty texts, by output."""
    from lastmile.exporting.onnx.sessions import open_session

    kinds = {Kind.FLOAT: np.float32, Kind.INT: np.int64, Kind.BOOL: np.bool_}
    row = {
        column.identifier: np.array([[_text_of(model.graph)]], dtype=object)
        if column.kind is Kind.STRING
        else np.ones((1, 1), dtype=kinds[column.kind])
        for column in columns
    }
    try:
        answers = open_session(model).run(names, row)
    except Exception as error:  # the runtime's own errors have no common class
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise RowsRefused(
            f"ONNX Runtime does not run the model: {line}", fix="write the model again"
        ) from error
    for name, answer in zip(names, answers, strict=True):
        if not isinstance(answer, np.ndarray) or (answer.shape or (1,))[0] != 1:
            raise _refusal(f"its output `{name.removeprefix(_INSIDE)}` has no row for each row")
    return list(answers)


def _text_of(graph: onnx.GraphProto) -> str:
    """A text that the model knows, since some refuse others."""
    for node in graph.node:
        for one in node.attribute:
            if one.name in ("cats_strings", "keys_strings") and one.strings:
                return str(one.strings[0].decode())
    return ""


def _classes_of(model: onnx.ModelProto, arrays: dict[str, np.ndarray]) -> tuple[Any, ...]:
    """The classes of the output that is a label, where it can be told."""
    reading = Reading(view_of(model))
    for name, array in arrays.items():
        if array.dtype.kind in "OUSiu" and array.size == 1:
            kind = Kind.INT if array.dtype.kind in "iu" else Kind.STRING
            with suppress(NotExportable):
                return reading.answer(Output(name=name, kind=kind), None).classes
    return ()


def _put_outputs(graph: onnx.GraphProto, exits: list[_Exit]) -> None:
    del graph.output[:]
    for one in exits:
        output = one.output
        element = {Kind.STRING: _T.STRING, Kind.INT: _T.INT64}.get(output.kind, _T.FLOAT)
        if output.kind is Kind.STRING:
            graph.node.append(onnx.helper.make_node("Identity", [one.value], [output.name]))
        else:
            graph.node.append(onnx.helper.make_node("Cast", [one.value], [output.name], to=element))
        shape: list[Any] | None = None if output.role == "label" else ["N", output.width]
        graph.output.append(onnx.helper.make_tensor_value_info(output.name, element, shape))


def _refusal(reason: str, fix: str = "") -> NotExportable:
    return NotExportable("the model", target=TARGET, reason=reason, fix=fix)
