"""Where the columns of the sample lie, so that sums over them lose no digits.

A weighted sum over a column like 101,325 ± 800 is the small difference of large terms. Taken around
a middle of the column it is a sum of small terms: the middle's own share goes into the constant,
which is computed in 64 bits. Which middle is taken changes nothing but the rounding.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from lastmile.exporting.onnx.nodes import Part, Parts
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind, Signature
from lastmile.exporting.signature.digits import Numbers

_SHARES = (0.1, 0.5, 0.9)
_FAR = 8.0
"""A middle that is this many times as far from zero as the column is wide costs digits."""


def middles_of(sample: pd.DataFrame, signature: Signature) -> Mapping[str, np.ndarray]:
    """For each column of numbers, by identifier: low, middle and high of the sample, [3] f64."""
    return {name: np.quantile(values, _SHARES) for name, values in _finite(sample, signature)}


def numbers_of(sample: pd.DataFrame, signature: Signature) -> Mapping[str, Numbers]:
    """For each column of numbers, by identifier: those of the sample."""
    return {name: Numbers(np.unique(values)) for name, values in _finite(sample, signature)}


def _finite(sample: pd.DataFrame, signature: Signature) -> Iterator[tuple[str, np.ndarray]]:
    for column in signature.columns:
        if column.kind in (Kind.FLOAT, Kind.INT):
            values = sample[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
            values = values[np.isfinite(values)]
            if len(values):
                yield column.identifier, values


def centred(writer: Writer, parts: Parts) -> tuple[str, np.ndarray]:
    """All columns [N, C] less a centre [C] f64, and that centre; it is 0 where none is needed."""
    centre = np.array([_centre(writer, part, at) for part in parts for at in range(part.width)])
    x = writer.matrix(parts)
    if not centre.any():
        return x, centre
    near = centre.astype(np.float32)
    return writer.ml("Scaler", x, offset=near, scale=np.ones_like(near)), centre


def _centre(writer: Writer, part: Part, column: int) -> float:
    """A number that 32 bits hold, amid the values of a column that lies far from zero; else 0."""
    origin = part.origin(column)
    if origin is None or origin.door not in writer.middles:
        return 0.0
    try:
        low, middle, high = origin.apply(writer.middles[origin.door])
    except Exception:  # a step may not take such values; then the column stays as it is
        return 0.0
    near = float(np.float32(middle))
    far = np.isfinite(near) and abs(near) > _FAR * abs(high - low)
    return near if far else 0.0
