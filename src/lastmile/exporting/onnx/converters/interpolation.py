"""Straight lines between known points."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.precise import portions
from lastmile.exporting.onnx.writer import Writer, converts


def interpolated(writer: Writer, x: str, knots: np.ndarray, values: np.ndarray) -> str:
    """Piecewise linear through (knots, values), constant beyond both ends, of x [N, 1]: [N, 1].

    knots: [n] f64, rising; values: [n] f64. As `numpy.interp`.
    """
    if len(knots) == 1:
        return writer("Add", writer("Mul", x, np.float32(0)), values)
    inside = writer("Clip", x, np.float32(knots[0]), np.float32(knots[-1]))
    at = _segment(writer, inside, knots[1:-1])
    near, rest = portions(knots[:-1])
    slopes = np.diff(values) / np.where(np.diff(knots) == 0, 1, np.diff(knots))
    along = writer("Sub", inside, writer("Gather", near, at, axis=0))
    if np.any(rest):
        along = writer("Sub", along, writer("Gather", rest, at, axis=0))
    rise = writer("Mul", along, writer("Gather", slopes, at, axis=0))
    return writer("Add", writer("Gather", values[:-1], at, axis=0), rise)


def _segment(writer: Writer, x: str, borders: np.ndarray) -> str:
    """How many borders are not above x [N, 1]: [N, 1] i64."""
    if not len(borders):
        zero = writer("Mul", x, np.float32(0))
        return writer("Cast", zero, to=onnx.TensorProto.INT64)
    passed = writer("Not", writer("Less", x, borders[None, :]))
    counted = writer("Cast", passed, to=onnx.TensorProto.FLOAT)
    total = writer("ReduceSum", counted, np.array([1]), keepdims=1)
    return writer("Cast", total, to=onnx.TensorProto.INT64)


@converts("IsotonicRegression")
def isotonic(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The line through the thresholds; beyond them the last value, or NaN."""
    knots = np.asarray(estimator.X_thresholds_, dtype=np.float64)
    values = np.asarray(estimator.y_thresholds_, dtype=np.float64)
    x = writer.matrix(parts)
    y = interpolated(writer, x, knots, values)
    if estimator.out_of_bounds == "nan":
        below = writer("Less", x, np.float32(knots[0]))
        above = writer("Greater", x, np.float32(knots[-1]))
        y = writer("Where", writer("Or", below, above), np.float32(np.nan), y)
    return Answer(value=y)
