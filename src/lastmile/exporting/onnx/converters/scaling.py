"""Scalers: each column moved and stretched."""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.columnwise import columnwise
from lastmile.exporting.onnx.converters.linear import made
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.precise import expm1, log1p, scaled
from lastmile.exporting.onnx.trees import exceeds
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("StandardScaler")
def standard(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """(x - mean) / scale."""
    return _scaled(writer, estimator, parts, estimator.mean_, estimator.scale_)


@converts("RobustScaler")
def robust(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """(x - centre) / scale."""
    return _scaled(writer, estimator, parts, estimator.center_, estimator.scale_)


@converts("MaxAbsScaler")
def largest(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """X / scale; clipped to [-1, 1] where asked for."""
    answer = _scaled(writer, estimator, parts, None, estimator.scale_)
    return _clipped(writer, answer, (-1, 1)) if getattr(estimator, "clip", False) else answer


@converts("MinMaxScaler")
def between(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """(x - smallest) · scale + lower end; clipped to the range where asked for."""
    low, high = estimator.feature_range
    start = (low - estimator.min_) / estimator.scale_  # the x that becomes the lower end
    answer = _scaled(writer, estimator, parts, start, 1 / estimator.scale_)
    if low:
        (part,) = answer.features
        moved = writer("Add", part.name, np.float32(low))
        answer = Answer(features=(Part(moved, part.kind, part.width, part.origins),))
    return _clipped(writer, answer, (low, high)) if estimator.clip else answer


def _scaled(writer: Writer, estimator: Any, parts: Parts, offset: Any, scale: Any) -> Answer:
    width = width_of(parts)
    offset = (
        np.zeros(width)
        if offset is None or not _used(estimator, "with_mean", "with_centering")
        else offset
    )
    scale = np.ones(width) if scale is None else scale
    name = scaled(writer, writer.matrix(parts), np.asarray(offset), np.asarray(scale))
    return Answer(features=columnwise(name, estimator, parts))


def _used(estimator: Any, *options: str) -> bool:
    return all(getattr(estimator, option, True) for option in options)


def _clipped(writer: Writer, answer: Answer, ends: tuple[float, float]) -> Answer:
    (part,) = answer.features
    name = writer("Clip", part.name, np.float32(ends[0]), np.float32(ends[1]))
    return Answer(features=(Part(name, part.kind, part.width, part.origins),))


@converts("Normalizer")
def normalizer(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each row divided by its norm; rows of zeros stay."""
    x = writer.matrix(parts)
    size = writer("Abs", x)
    if estimator.norm == "l2":
        # Squares of large numbers are too large for 32 bits, so the largest is divided out first.
        top = _or_one(writer, writer("ReduceMax", size, np.array([1]), keepdims=1))
        x = writer("Div", x, top)
        norm = writer("Sqrt", writer("ReduceSumSquare", x, np.array([1]), keepdims=1))
    elif estimator.norm == "l1":
        norm = writer("ReduceSum", size, np.array([1]), keepdims=1)
    else:
        norm = writer("ReduceMax", size, np.array([1]), keepdims=1)
    return Answer(features=made(writer("Div", x, _or_one(writer, norm)), width_of(parts)))


def _or_one(writer: Writer, x: str) -> str:
    return writer("Where", writer("Equal", x, np.float32(0)), np.float32(1), x)


@converts("Binarizer")
def binarizer(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """1 where x is above the threshold."""
    name = all_exceed(writer, parts, float(estimator.threshold))
    return Answer(features=(Part(name, Kind.FLOAT, width_of(parts)),))


def all_exceed(writer: Writer, parts: Parts, threshold: float) -> str:
    """[N, C] f32: 1 where a column is above the threshold."""
    level = np.array([threshold])
    above = [exceeds(writer, part, column, level) for part in parts for column in range(part.width)]
    return above[0] if len(above) == 1 else writer("Concat", *above, axis=1)


@converts("PowerTransformer")
def power(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Box and Cox's or Yeo and Johnson's power of each column, then standardized.

    Source: `scipy.special.boxcox`; Yeo and Johnson (2000), equation 2.1.
    """
    x, powers = writer.matrix(parts), np.asarray(estimator.lambdas_, dtype=np.float64)
    if estimator.method == "box-cox":
        name = _boxed(writer, writer("Log", x), powers)
    else:
        size = writer("Abs", x)
        logs = log1p(writer, size)
        up, down = _boxed(writer, logs, powers), _boxed(writer, logs, 2 - powers)
        negative = writer("Less", x, np.float32(0))
        name = writer("Where", negative, writer("Neg", down), up)
    if estimator.standardize:
        name = scaled(writer, name, estimator._scaler.mean_, estimator._scaler.scale_)
    return Answer(features=columnwise(name, estimator, parts))


def _boxed(writer: Writer, logs: str, powers: np.ndarray) -> str:
    """(exp(power · log) - 1) / power; the logarithm itself where the power is zero."""
    zero = np.abs(powers) < np.spacing(1.0)
    safe = np.where(zero, 1.0, powers)
    raised = writer("Div", expm1(writer, writer("Mul", logs, safe)), safe)
    return writer("Where", zero, logs, raised) if zero.any() else raised


@converts("PolynomialFeatures")
def polynomial(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Products of columns."""
    from lastmile.exporting.onnx.converters.constants import repeated

    powers = np.asarray(estimator.powers_)
    width = width_of(parts)
    factors = [[column for column, power in enumerate(row) for _ in range(power)] for row in powers]
    degree = max(map(len, factors))
    x = writer("Concat", writer.matrix(parts), repeated(writer, parts, np.ones(1)), axis=1)
    terms = [
        writer(
            "Gather", x, np.array([row[at] if at < len(row) else width for row in factors]), axis=1
        )
        for at in range(max(degree, 1))
    ]
    product = terms[0]
    for term in terms[1:]:
        product = writer("Mul", product, term)
    return Answer(features=made(product, len(powers)))
