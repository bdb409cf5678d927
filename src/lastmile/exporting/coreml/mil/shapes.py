"""Operators that rearrange. Every shape is known, as there is one row."""

import math
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.mil.elementwise import spread
from lastmile.exporting.coreml.schema import dtype_name
from lastmile.exporting.coreml.view import Node

_DTYPES = {
    onnx.TensorProto.FLOAT: "fp32",
    onnx.TensorProto.DOUBLE: "fp32",
    onnx.TensorProto.INT64: "int32",
    onnx.TensorProto.INT32: "int32",
    onnx.TensorProto.BOOL: "bool",
}


@claims("Identity")
def identity(mb: Any, node: Node, x: Any) -> Any:
    """The same value."""
    return mb.identity(x=x)


@claims("Cast", since=6)
def cast(mb: Any, node: Node, x: Any) -> Any:
    """Another type; 64-bit numbers are held in 32 bits, as an ML Program has no others."""
    dtype = _DTYPES.get(node.attr("to"))
    if dtype is None:
        raise node.refuse(f"it casts to {onnx.TensorProto.DataType.Name(node.attr('to'))}")
    return mb.cast(x=x, dtype=dtype)


@claims("Concat", since=4)
def concat(mb: Any, node: Node, *inputs: Any) -> Any:
    """Tensors side by side along `axis`."""
    return mb.concat(values=list(inputs), axis=_axis(node.attr("axis"), len(inputs[0].shape)))


@claims("Reshape", since=5)
def reshape(mb: Any, node: Node, x: Any, shape: Any) -> Any:
    """The same elements in the same order."""
    given = [int(size) for size in constant(node, shape)]
    if not node.attr("allowzero", 0):
        given = [x.shape[at] if size == 0 else size for at, size in enumerate(given)]
    known = math.prod(size for size in given if size != -1)
    full = [math.prod(x.shape) // known if size == -1 else size for size in given]
    return mb.reshape(x=x, shape=full)


@claims("Flatten", since=9)
def flatten(mb: Any, node: Node, x: Any) -> Any:
    """Two axes, cut at `axis`."""
    axis = node.attr("axis", 1) % (len(x.shape) + 1)
    return mb.reshape(x=x, shape=[math.prod(x.shape[:axis]), math.prod(x.shape[axis:])])


@claims("Squeeze")
def squeeze(mb: Any, node: Node, x: Any, axes: Any = None) -> Any:
    """Without axes of size 1; before operator set 13 they are an attribute."""
    rank = len(x.shape)
    given = node.attr("axes") if axes is None else constant(node, axes)
    if given is None:
        gone = {at for at, size in enumerate(x.shape) if size == 1}
    else:
        gone = {int(axis) % rank for axis in given}
    return mb.reshape(x=x, shape=[size for at, size in enumerate(x.shape) if at not in gone])


@claims("Unsqueeze")
def unsqueeze(mb: Any, node: Node, x: Any, axes: Any = None) -> Any:
    """With new axes of size 1; before operator set 13 they are an attribute."""
    places = node.attr("axes", ()) if axes is None else constant(node, axes)
    rank = len(x.shape) + len(places)
    new = {int(axis) % rank for axis in places}
    sizes = iter(x.shape)
    return mb.reshape(x=x, shape=[1 if at in new else next(sizes) for at in range(rank)])


@claims("Transpose")
def transpose(mb: Any, node: Node, x: Any) -> Any:
    """Axes in another order; reversed where the node does not say."""
    rank = len(x.shape)
    return mb.transpose(x=x, perm=list(node.attr("perm", range(rank - 1, -1, -1))))


@claims("Gather")
def gather(mb: Any, node: Node, x: Any, indices: Any) -> Any:
    """Slices along `axis` by their positions."""
    if isinstance(indices, np.ndarray):
        size = x.shape[_axis(node.attr("axis", 0), len(x.shape))]
        indices = np.where(indices < 0, indices + size, indices).astype(np.int32)
    axis = _axis(node.attr("axis", 0), len(x.shape))
    if _is_bool(x):  # the operation does not take truth values
        whole = x.astype(np.int32) if isinstance(x, np.ndarray) else mb.cast(x=x, dtype="int32")
        return mb.cast(x=mb.gather(x=whole, indices=indices, axis=axis), dtype="bool")
    return mb.gather(x=x, indices=indices, axis=axis)


def _is_bool(x: Any) -> bool:
    return x.dtype == np.bool_ if isinstance(x, np.ndarray) else dtype_name(x) == "bool"


@claims("ArrayFeatureExtractor", domain=ML)
def array_feature_extractor(mb: Any, node: Node, x: Any, indices: Any) -> Any:
    """Columns by their positions, as a table.  x: [..., C], indices: [n] -> [..., n]."""
    count = math.prod(indices.shape)
    if isinstance(indices, np.ndarray):
        flat = np.ravel(indices).astype(np.int32)
    else:
        flat = mb.reshape(x=indices, shape=[count])
    rank = len(x.shape)
    picked = mb.gather(x=x, indices=flat, axis=rank - 1)
    return mb.reshape(x=picked, shape=[1, count]) if rank == 1 else picked


@claims("Slice")
def slice_by_attributes(mb: Any, node: Node, x: Any) -> Any:
    """The same before operator set 10, with everything as attributes."""
    starts, ends = (np.array(node.attr(name)) for name in ("starts", "ends"))
    axes = np.array(node.attr("axes", range(len(starts))))
    return slice_(mb, node, x, starts, ends, axes)


@claims("Slice", since=10)
def slice_(mb: Any, node: Node, x: Any, starts: Any, ends: Any, *rest: Any) -> Any:
    """A regular part along some axes, as a choice of positions.

    NumPy's own slices know what starts and ends outside of the tensor mean.
    """
    rank = len(x.shape)
    axes = [int(one) for one in constant(node, rest[0])] if rest else range(len(starts))
    steps = constant(node, rest[1]) if len(rest) > 1 else [1] * len(starts)
    for axis, start, end, step in zip(
        axes, constant(node, starts), constant(node, ends), steps, strict=True
    ):
        at = _axis(axis, rank)
        positions = np.arange(x.shape[at])[_slice(int(start), int(end), int(step))]
        x = mb.gather(x=x, indices=positions.astype(np.int32), axis=at)
    return x


def _slice(start: int, end: int, step: int) -> slice:
    lowest = -(2**31)
    return slice(start, None if step < 0 and end <= lowest else end, step)


@claims("Expand", since=8)
def expand(mb: Any, node: Node, x: Any, shape: Any) -> Any:
    """Broadcast to a shape, or by it."""
    return spread(mb, x, np.broadcast_shapes(tuple(x.shape), tuple(constant(node, shape).tolist())))


@claims("Tile", since=6)
def tile(mb: Any, node: Node, x: Any, repeats: Any) -> Any:
    """The tensor again and again along each axis."""
    return mb.tile(x=x, reps=constant(node, repeats).astype(np.int32))


@claims("ConstantOfShape", since=9)
def constant_of_shape(mb: Any, node: Node, shape: Any) -> Any:
    """One number everywhere; 0 where the node does not say."""
    value = np.ravel(node.attr("value", np.zeros(1, np.float32)))[0]
    dtype = np.float32 if np.issubdtype(value.dtype, np.floating) else np.int32
    return mb.const(val=np.full(constant(node, shape).tolist(), value, dtype=dtype))


@claims("Split", since=2)
def split(mb: Any, node: Node, x: Any, sizes: Any = None) -> tuple[Any, ...]:
    """Parts along `axis`, of the sizes given, else equal ones."""
    axis = _axis(node.attr("axis", 0), len(x.shape))
    given = node.attr("split") if sizes is None else constant(node, sizes).tolist()
    length, count = x.shape[axis], len(node.outputs)
    ends = np.cumsum(given) if given else np.arange(1, count + 1) * -(-length // count)
    starts = [0, *ends[:-1]]
    return tuple(
        mb.gather(x=x, indices=np.arange(start, min(end, length)).astype(np.int32), axis=axis)
        for start, end in zip(starts, ends, strict=True)
    )


@claims("Dropout")
def dropout(mb: Any, node: Node, x: Any, *_: Any) -> Any:
    """The same value: nothing is dropped once a network has learned."""
    return mb.identity(x=x)


@claims("Shape", since=1)
def shape(mb: Any, node: Node, x: Any) -> Any:
    """The sizes of the axes: a constant, as there is one row."""
    sizes = np.array(x.shape[node.attr("start", 0) : node.attr("end", None)], dtype=np.int32)
    return mb.const(val=sizes)


def constant(node: Node, value: Any) -> np.ndarray:
    """The numbers of a constant input.

    Raises:
        NotExportable: they are computed from the row.
    """
    known = value if isinstance(value, np.ndarray) else value.val
    if known is None:
        raise node.refuse("a shape or a position is computed from the row")
    return np.asarray(known)


def _axis(axis: int, rank: int) -> int:
    return axis % rank
