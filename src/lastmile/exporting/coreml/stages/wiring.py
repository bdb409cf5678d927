"""Operators that only rearrange values: they become wiring, or a stage that picks elements."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.features import Vector
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.stages.shared import need
from lastmile.exporting.coreml.view import Node
from lastmile.exporting.signature import Kind

_KINDS = {
    onnx.TensorProto.FLOAT: Kind.FLOAT,
    onnx.TensorProto.DOUBLE: Kind.FLOAT,
    onnx.TensorProto.INT64: Kind.INT,
    onnx.TensorProto.INT32: Kind.INT,
}

_LOSSLESS = {(Kind.INT, Kind.FLOAT), (Kind.BOOL, Kind.FLOAT), (Kind.BOOL, Kind.INT)}


@claims("Identity")
def identity(_: Pipeline, node: Node, x: Vector) -> Vector:
    """The same value under another name."""
    return x


@claims("Cast")
def cast(_: Pipeline, node: Node, x: Vector) -> Vector:
    """Integers and booleans as numbers; Core ML's stages read them as 64-bit floats anyway."""
    need(isinstance(x, Vector), "a cast of a constant")
    to = _KINDS.get(node.attr("to"))
    need(to is not None, "a cast to a type that no stage has")
    assert to is not None
    need(to is x.kind or (x.kind, to) in _LOSSLESS, f"a cast from {x.kind} to {to}")
    return Vector(x.parts, x.shape, to)


@claims("Concat")
def concat(_: Pipeline, node: Node, *inputs: Any) -> Vector:
    """Columns side by side, along the last axis."""
    need(all(isinstance(one, Vector) for one in inputs), "a constant among the columns")
    rank = len(inputs[0].shape)
    need(node.attr("axis") in (-1, rank - 1), "it does not join along the last axis")
    need(all(math.prod(one.shape[:-1]) == 1 for one in inputs), "it joins more than one row")
    parts = tuple(part for one in inputs for part in one.parts)
    shape = (*inputs[0].shape[:-1], sum(one.shape[-1] for one in inputs))
    return Vector(parts, shape, inputs[0].kind)


@claims("Reshape", since=5)
def reshape(_: Pipeline, node: Node, x: Vector, shape: Any) -> Vector:
    """The same elements in the same order."""
    need(isinstance(shape, np.ndarray), "a shape that is computed")
    given = [int(size) for size in shape]
    if not node.attr("allowzero", 0):
        given = [x.shape[at] if size == 0 else size for at, size in enumerate(given)]
    known = math.prod(size for size in given if size != -1)
    return _reshaped(x, [x.width // known if size == -1 else size for size in given])


@claims("Flatten")
def flatten(_: Pipeline, node: Node, x: Vector) -> Vector:
    """Two axes, cut at `axis`."""
    axis = node.attr("axis", 1) % (len(x.shape) + 1)
    return _reshaped(x, [math.prod(x.shape[:axis]), math.prod(x.shape[axis:])])


@claims("Squeeze")
def squeeze(_: Pipeline, node: Node, x: Vector, axes: Any = None) -> Vector:
    """Without axes of size 1; before operator set 13 they are an attribute."""
    rank = len(x.shape)
    given = node.attr("axes") if axes is None else axes
    gone = (
        {at for at, size in enumerate(x.shape) if size == 1}
        if given is None
        else {int(axis) % rank for axis in given}
    )
    return _reshaped(x, [size for at, size in enumerate(x.shape) if at not in gone])


@claims("Unsqueeze")
def unsqueeze(_: Pipeline, node: Node, x: Vector, axes: Any = None) -> Vector:
    """With new axes of size 1; before operator set 13 they are an attribute."""
    axes = node.attr("axes", ()) if axes is None else axes
    rank = len(x.shape) + len(axes)
    new = {int(axis) % rank for axis in axes}
    sizes = iter(x.shape)
    return _reshaped(x, [1 if at in new else next(sizes) for at in range(rank)])


@claims("Gather")
def gather(pipeline: Pipeline, node: Node, x: Any, indices: Any) -> Vector:
    """Columns of a table [1, C] by their constant positions."""
    need(isinstance(x, Vector) and isinstance(indices, np.ndarray), "positions are computed")
    need(len(x.shape) == 2 and node.attr("axis", 0) in (1, -1), "it does not pick columns")
    need(indices.ndim <= 1, "positions are a table")
    parts = pipeline.pick(x, _positions(indices, x.width))
    return Vector(parts, (1, *indices.shape), x.kind)


@claims("ArrayFeatureExtractor", domain=ML)
def array_feature_extractor(pipeline: Pipeline, node: Node, x: Any, indices: Any) -> Vector:
    """Columns of a table [1, C] by their constant positions."""
    need(isinstance(x, Vector) and isinstance(indices, np.ndarray), "positions are computed")
    need(len(x.shape) <= 2, f"a tensor of shape {x.shape}")
    positions = _positions(indices, x.width)
    return Vector(pipeline.pick(x, positions), (1, len(positions)), x.kind)


def _positions(indices: np.ndarray, width: int) -> list[int]:
    positions = [int(index) + width * (index < 0) for index in np.ravel(indices)]
    need(all(0 <= at < width for at in positions), "positions outside of the table")
    return positions


def _reshaped(x: Vector, shape: Sequence[int]) -> Vector:
    need(math.prod(shape) == x.width, f"{x.width} elements cannot have the shape {tuple(shape)}")
    return x.shaped(*shape)
