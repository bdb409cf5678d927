"""ML Programs: one function, its operations in order, its weights.

The operations are evaluated by NumPy functions of ours rather than by coremltools' own
`value_inference`, which takes one row at a time and needs the program built anew; the tests hold
ours against it, operation by operation. Every value has the rows as its first axis; a constant has
one row, which NumPy broadcasts.
"""

import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference.operations import OPERATIONS
from lastmile.exporting.coreml.reference.quantized import COMPRESSED
from lastmile.exporting.coreml.reference.values import Dictionary, Malformed, need

_SENTINEL = 0xDEADBEEF
_METADATA = struct.Struct("<IIQQ")
_FLOAT32, _FLOAT64, _BOOL, _STRING, _INT32 = 11, 12, 1, 2, 23
_INT8, _UINT8, _UINT32 = 21, 31, 33
_BLOBS = {_FLOAT32: (2, "<f4"), _UINT8: (3, "u1"), _INT8: (4, "i1")}
"""How each element type is marked in a weight file, and held."""

_BYTES = {_INT8: "i1", _UINT8: "u1", _UINT32: "<u4"}
"""Element types whose constants stand in a message as bytes."""


def run_program(model: Any, inputs: dict[str, Any], weights: Mapping[str, bytes]) -> dict[str, Any]:
    """The outputs of the function `main` by name.

    Raises:
        Malformed: it has operations that are not known, or contradicts itself.
    """
    functions = model.mlProgram.functions
    need("main" in functions, "a program without the function `main`")
    function = functions["main"]
    need(function.opset in function.block_specializations, "a program without a body")
    block = function.block_specializations[function.opset]
    constants, steps = _prepared(block, weights)
    count = len(next(iter(inputs.values()))) if inputs else 1
    answers = []
    for start in range(0, max(count, 1), ROWS):
        values = {name: value[start : start + ROWS] for name, value in inputs.items()}
        values |= constants
        for operation in steps:
            _run(operation, values)
        answers.append(
            {name: _whole(values, name, min(ROWS, count - start)) for name in block.outputs}
        )
    return {name: _joined([answer[name] for answer in answers]) for name in block.outputs}


ROWS = 256
"""Rows that go through a program together: what they make on the way stays small."""


def _prepared(block: Any, weights: Mapping[str, bytes]) -> tuple[dict[str, Any], list[Any]]:
    """The constants of a program by name, each with one row, and its other operations."""
    constants: dict[str, Any] = {}
    steps = []
    for operation in block.operations:
        if operation.type in COMPRESSED:
            held = {name: _constant(one, weights) for name, one in operation.attributes.items()}
            need(len(operation.outputs) == 1, "a constant with several names")
            made = COMPRESSED[operation.type](held)
            constants[operation.outputs[0].name] = made[np.newaxis]
            continue
        if operation.type != "const":
            need(operation.type in OPERATIONS, f"the operation `{operation.type}` is not supported")
            steps.append(operation)
            continue
        need("val" in operation.attributes, "a constant without a value")
        need(len(operation.outputs) == 1, "a constant with several names")
        value = operation.attributes["val"]
        constants[operation.outputs[0].name] = _literal(value, weights)
    return constants, steps


def _joined(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], Dictionary):
        return Dictionary(parts[0].keys, np.concatenate([part.values for part in parts]))
    return np.concatenate(parts)


def unsupported_operations(model: Any) -> str:
    """The operations of a program that are not known here, in a sentence; empty for none."""
    used = {
        operation.type
        for function in model.mlProgram.functions.values()
        for block in function.block_specializations.values()
        for operation in block.operations
    }
    unknown = sorted(used - OPERATIONS.keys() - COMPRESSED.keys() - {"const"})
    return f"its program uses {', '.join(unknown)}" if unknown else ""


def _run(operation: Any, values: dict[str, Any]) -> None:
    kind = operation.type
    made = OPERATIONS[kind](**_arguments(operation, values))
    outputs = made if isinstance(made, tuple) else (made,)
    need(len(outputs) == len(operation.outputs), f"`{kind}` has another number of outputs")
    for declared, value in zip(operation.outputs, outputs, strict=True):
        values[declared.name] = value


def _arguments(operation: Any, values: dict[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name, argument in operation.inputs.items():
        bound = [_bound(one, values) for one in argument.arguments]
        need(bound, f"`{operation.type}` has an empty argument")
        arguments[name] = bound if name == "values" else bound[0]
    return arguments


def _bound(binding: Any, values: dict[str, Any]) -> Any:
    if binding.WhichOneof("binding") == "value":
        return _literal(binding.value, {})
    need(binding.name in values, f"`{binding.name}` is used before it is made")
    return values[binding.name]


def _literal(value: Any, weights: Mapping[str, bytes]) -> Any:
    if value.type.WhichOneof("type") == "listType":
        return [_constant(one, {}).item() for one in value.immediateValue.list.values]
    return _constant(value, weights)[np.newaxis]


def _constant(value: Any, weights: Mapping[str, bytes]) -> np.ndarray:
    """A tensor that stands in the message or in a weight file."""
    declared = value.type.tensorType
    shape = tuple(int(one.constant.size) for one in declared.dimensions)
    size = math.prod(shape)
    if value.WhichOneof("value") == "blobFileValue":
        need(declared.dataType in _BLOBS, "weights of an unsupported type")
        return _blob(value.blobFileValue, weights, size, declared.dataType).reshape(shape)
    tensor = value.immediateValue.tensor
    fields = {
        _FLOAT32: ("floats", np.float32),
        _FLOAT64: ("doubles", np.float64),
        _BOOL: ("bools", np.bool_),
        _STRING: ("strings", object),
        _INT32: ("ints", np.int32),
    }
    if tensor.WhichOneof("value") == "bytes":
        need(declared.dataType in _BYTES, "a constant of an unsupported type")
        held = np.frombuffer(tensor.bytes.values, dtype=_BYTES[declared.dataType])
        need(held.size == size, "a constant that does not fill its shape")
        return held.reshape(shape)
    longs = {24: ("longInts", np.int64)}
    need(declared.dataType in fields | longs, "a constant of an unsupported type")
    field, dtype = (fields | longs)[declared.dataType]
    held = getattr(tensor, field).values
    need(len(held) == size, "a constant that does not fill its shape")
    return np.array(list(held), dtype=dtype).reshape(shape)


def _blob(reference: Any, weights: Mapping[str, bytes], size: int, declared: int) -> np.ndarray:
    """Numbers from a weight file (source: `StorageFormat.hpp` in coremltools).

    At the offset stands metadata of 64 bytes: a sentinel, the element type, size and offset of the
    data, all little-endian.
    """
    content = weights.get(reference.fileName.rpartition("/")[2])
    need(content is not None, f"the weight file {reference.fileName} is missing")
    assert content is not None
    start = reference.offset
    need(start + 64 <= len(content), "weights beyond the end of their file")
    sentinel, dtype, length, data = _METADATA.unpack_from(content, start)
    mark, numbers = _BLOBS[declared]
    need(sentinel == _SENTINEL and dtype == mark, "weights without their mark")
    room = np.dtype(numbers).itemsize * size
    need(length == room and data + length <= len(content), "weights of another size")
    return np.frombuffer(content, dtype=numbers, count=size, offset=data)


def _whole(values: dict[str, Any], name: str, count: int) -> Any:
    """An output for every row, also where it does not depend on the row."""
    if name not in values:
        raise Malformed(f"nothing gives the output `{name}`")
    value = values[name]
    if isinstance(value, Dictionary) or len(value) == count:
        return value
    return np.repeat(value, count, axis=0)
