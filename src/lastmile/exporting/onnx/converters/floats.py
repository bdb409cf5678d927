"""Arithmetic that can be written in 32 or in 64 bits.

Nearly everything is computed in 32 bits. Where a difference of large numbers decides the answer,
the same nodes are written in 64 bits: phones compute that part as scikit-learn does, and Core ML,
which has no such numbers, computes it in 32.
"""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.converters.tracing import retraced, straight
from lastmile.exporting.onnx.nodes import Part, Parts
from lastmile.exporting.onnx.precise import less
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind

_MANY = 1024
"""A constant with more numbers than this is kept in 32 bits where those are exact."""


_SOME = 64
"""From so many numbers on, one node more is worth it to store each in a byte."""


def is_small(values: np.ndarray) -> bool:
    """Whether all are whole numbers that fit into a byte."""
    return bool(np.all((values == np.rint(values)) & (np.abs(values) <= 127)))


class Floats:
    """Nodes over floats of one width; arrays among the inputs become constants of that width."""

    def __init__(self, writer: Writer, *, wide: bool = False) -> None:
        self.writer = writer
        self.wide = wide

    def __call__(self, type_: str, *inputs: Any, **attributes: Any) -> str:
        """Write one node, and return the name of its value."""
        names = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        return self.writer(type_, *names, **attributes)

    def constant(self, value: Any) -> str:
        """A constant: floats have this width, whole numbers stay whole."""
        array = np.asarray(value)
        if not self.wide or array.dtype.kind != "f":
            return self.writer.constant(array)
        if array.size > _SOME and is_small(array):
            return self.take(self.writer.small(array))
        if array.size > _MANY and np.array_equal(array, array.astype(np.float32), equal_nan=True):
            return self.take(self.writer.constant(array))
        return self.writer.double(array)

    def rows(self, parts: Parts) -> str:
        """All columns as one array [N, C], in 64 bits as exact as scikit-learn's own.

        A column that scalers made is then computed anew, in this width, from where it comes from.
        """
        if not self.wide:
            return self.writer.matrix(parts)
        columns = [one for part in parts for one in retraced(self, part)]
        return columns[0] if len(columns) == 1 else self("Concat", *columns, axis=1)

    def take(self, x: str) -> str:
        """A 32-bit value in this width."""
        return self.writer("Cast", x, to=onnx.TensorProto.DOUBLE) if self.wide else x

    def give(self, x: str) -> str:
        """A value of this width in 32 bits."""
        return self.writer("Cast", x, to=onnx.TensorProto.FLOAT) if self.wide else x

    def flags(self, x: str) -> str:
        """Truth values as 0 and 1 of this width."""
        to = onnx.TensorProto.DOUBLE if self.wide else onnx.TensorProto.FLOAT
        return self.writer("Cast", x, to=to)

    def less(self, x: str, constant: np.ndarray) -> str:
        """X - constant, exact where the two are near."""
        return self("Sub", x, constant) if self.wide else less(self.writer, x, constant)

    def total(self, x: str, *, axis: int = 1, keep: bool = False, by: str = "ReduceSum") -> str:
        """The sum, or what `by` says, along one axis."""
        return self(by, x, np.array([axis]), keepdims=int(keep))


def made(name: str, width: int) -> Parts:
    """What a transformer computed, [N, width] f32: no tree can be cut on anything behind it."""
    return (Part(name, Kind.FLOAT, width, origins=(None,) * width),)


def dense(values: Any) -> np.ndarray:
    """What an estimator has learned, as a dense array of f64."""
    array = values.toarray() if hasattr(values, "toarray") else values
    return np.asarray(array, dtype=np.float64)


def slack_of(parts: Parts, *, wide: bool) -> float:
    """How far, measured by its size, a number of these rows may be from scikit-learn's own."""
    origins = [part.origin(column) for part in parts for column in range(part.width)]
    if all(origin is not None and not origin.steps for origin in origins):
        return 0.0
    traced = all(origin is not None and straight(origin) is not None for origin in origins)
    return 1e-13 if wide and traced else 4e-7
