"""Arithmetic in 32 bits that keeps what 64 bits would give.

A column like 101,325 ± 800 loses a digit where its mean is rounded to 32 bits before it is taken
away. So a constant that matters is taken away in two portions: the nearest 32-bit number, then what
is left of it. The difference of two near 32-bit numbers is exact (Sterbenz's lemma), so that the
result is as good as the input.
"""

import numpy as np

from lastmile.exporting.onnx.nodes import Nodes

_NEGLIGIBLE = 1e-8
"""A rest this small, measured by the scale of the result, changes nothing that 32 bits can hold."""


def portions(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each f64 as the nearest f32 and the f32 nearest to what is left."""
    near = values.astype(np.float32)
    return near, (values - near).astype(np.float32)


def scaled(nodes: Nodes, x: str, offset: np.ndarray, scale: np.ndarray) -> str:
    """(x - offset) / scale of x [N, C] f32 with offset, scale [C] f64, by the operator `Scaler`.

    Where the scale is 0 the divisor is 1, as in scikit-learn.
    """
    divisor = np.where(scale == 0, 1.0, scale)
    near, rest = portions(offset)
    factor = (1 / divisor).astype(np.float32)
    if np.all(np.abs(rest / divisor) <= _NEGLIGIBLE):
        return nodes.ml("Scaler", x, offset=near, scale=factor)
    first = nodes.ml("Scaler", x, offset=near, scale=np.ones_like(factor))
    return nodes.ml("Scaler", first, offset=rest, scale=factor)


def less(nodes: Nodes, x: str, constant: np.ndarray, scale: float = 1.0) -> str:
    """X - constant, for any shapes that go together; `scale` is the usual size of the result."""
    near, rest = portions(np.asarray(constant, dtype=np.float64))
    result = nodes("Sub", x, near)
    if np.any(np.abs(rest) > _NEGLIGIBLE * scale):
        result = nodes("Sub", result, rest)
    return result


def round_up(values: np.ndarray) -> np.ndarray:
    """The smallest f32 that is not below each f64: the same 32-bit numbers are at or above it."""
    with np.errstate(over="ignore"):
        near = np.asarray(values, dtype=np.float64).astype(np.float32)
    return np.where(near < values, np.nextafter(near, np.float32(np.inf)), near)


def expm1(nodes: Nodes, x: str) -> str:
    """exp(x) - 1, with all digits also near zero, where its Taylor series is taken."""
    series = nodes("Mul", x, np.float32(1 / 10))
    for number in range(9, 1, -1):
        series = nodes(
            "Mul", nodes("Add", series, np.float32(1)), nodes("Mul", x, np.float32(1 / number))
        )
    near = nodes("Mul", nodes("Add", series, np.float32(1)), x)
    small = nodes("Less", nodes("Abs", x), np.float32(0.5))
    return nodes("Where", small, near, nodes("Sub", nodes("Exp", x), np.float32(1)))


def log1p(nodes: Nodes, x: str) -> str:
    """log(1 + x), with all digits also near zero, by the series of 2 artanh(x / (2 + x))."""
    ratio = nodes("Div", x, nodes("Add", x, np.float32(2)))
    square = nodes("Mul", ratio, ratio)
    series = nodes("Mul", square, np.float32(1 / 11))
    for number in (9, 7, 5, 3):
        series = nodes("Mul", nodes("Add", series, np.float32(1 / number)), square)
    near = nodes("Mul", nodes("Add", series, np.float32(1)), nodes("Mul", ratio, np.float32(2)))
    small = nodes("Less", nodes("Abs", x), np.float32(0.25))
    return nodes("Where", small, near, nodes("Log", nodes("Add", x, np.float32(1))))
