"""Columns that scalers and imputers made, computed anew in 64 bits from where they come from.

A scaler's result in 32 bits is a rounded one, so that two rows that scikit-learn finds equally far
from each other no longer are, or a row is no longer exactly one of the training rows. Its origin
tells the exact column behind it; where the steps in between are a straight line they are repeated.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from lastmile.exporting.onnx.nodes import Part
from lastmile.exporting.onnx.origin import Origin
from lastmile.exporting.onnx.precise import portions
from lastmile.exporting.signature import Kind

_FAR = 2.0**30
_PROBES = np.array([0.0, 1.0, -1.0, 1e-3, 3.7, -250.0, 1e4, -1e5, 1e6, _FAR, -_FAR])
_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class Line:
    """(x - zero) * slope, and what a missing x becomes."""

    zero: float
    slope: float
    missing: float


def straight(origin: Origin) -> Line | None:
    """The steps of an origin as one line, if they are one: learned from what they answer."""
    if origin.kind is Kind.STRING:
        return None
    if not origin.steps:
        return Line(0.0, 1.0, np.nan)
    try:
        values = np.asarray(origin.apply(_PROBES.copy()), dtype=np.float64)
        missing = float(origin.apply(np.array([np.nan]))[0])
    except Exception:  # a step that does not take such numbers is no line
        return None
    slope = (values[-2] - values[-1]) / (2 * _FAR)
    if not np.isfinite(slope) or slope == 0:
        return None
    zero = -values[0] / slope
    sizes = (np.abs(_PROBES) + abs(zero)) * abs(slope)
    same = np.abs((_PROBES - zero) * slope - values) <= _ROUNDING * np.maximum(sizes, 1e-300)
    return Line(float(zero), float(slope), missing) if same.all() else None


def retraced(floats: Any, part: Part) -> list[str]:
    """The columns of a part in 64 bits, [N, some] each, in order.

    Raises `ValueError` where they hold texts.
    """
    if part.kind is Kind.STRING:
        raise ValueError("texts are no numbers")
    traced = [_way(part, column) for column in range(part.width)]
    return [
        _drawn(floats, part, [(at, traced[at][1]) for at in columns], door)
        for door, columns in (
            (door, list(group))
            for door, group in groupby(range(part.width), key=lambda at: traced[at][0])
        )
    ]


def _way(part: Part, column: int) -> tuple[str, tuple[int, Line] | None]:
    """The door to start from, the column there and the line; no door where there is no line."""
    origin = part.origin(column)
    line = straight(origin) if origin is not None and origin.steps else None
    return ("", None) if origin is None or line is None else (origin.door, (origin.column, line))


def _drawn(
    floats: Any, part: Part, columns: list[tuple[int, tuple[int, Line] | None]], door: str
) -> str:
    ways = [way for _, way in columns if way is not None]
    if not ways:
        own = part.name
        if len(columns) < part.width:
            own = floats("Gather", own, np.array([at for at, _ in columns]), axis=1)
        return str(floats.flags(own))
    at = np.array([column for column, _ in ways])
    x = floats.flags(floats.writer("Gather", door, at, axis=1))
    lines = [line for _, line in ways]
    for zero in portions(np.array([line.zero for line in lines])):
        if zero.any():
            x = floats("Sub", x, zero.astype(np.float64))
    drawn = floats("Mul", x, np.array([line.slope for line in lines]))
    missing = np.array([line.missing for line in lines])
    if np.isnan(missing).all():
        return str(drawn)
    return str(floats("Where", floats("IsNaN", drawn), missing, drawn))
