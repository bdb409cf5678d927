"""Straight lines between known points."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.floats import Floats, made
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
    """The line through the thresholds; beyond them the last value, or NaN, also for `raise`.

    It may be as steep as the training rows are near each other, so that it is drawn in 64 bits: as
    the sum of what each piece adds. A single threshold is a constant.
    """
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    knots = np.asarray(estimator.X_thresholds_, dtype=np.float64)
    values = np.asarray(estimator.y_thresholds_, dtype=np.float64)
    if len(knots) == 1:
        value = floats.give(floats("Add", floats("Mul", x, np.array([0.0])), values))
        return Answer(value=value, features=made(value, 1))
    widths = np.diff(knots)[None]
    along = floats("Max", floats("Sub", x, knots[None, :-1]), np.zeros((1, 1)))
    shares = floats("Div", floats("Min", along, widths), widths)
    y = floats("Add", floats("MatMul", shares, np.diff(values)[:, None]), values[:1])
    if estimator.out_of_bounds != "clip":
        outside = writer("Or", floats("Less", x, knots[:1]), floats("Greater", x, knots[-1:]))
        y = floats("Where", outside, np.array([np.nan]), y)
    value = floats.give(y)
    return Answer(value=value, features=made(value, 1))
