"""Weights that were made smaller, as the floats that they stand for.

Source: the reference of the program operations (coremltools, `mil/ops/defs/iOS16/constexpr_ops`).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference.values import need

_WIDEST = 8


def affine_dequantize(held: Mapping[str, Any]) -> np.ndarray:
    """(number - zero_point) * scale, each of them one number or one for each place on `axis`."""
    numbers = _held(held, "quantized_data").astype(np.float32)
    axis = int(_held(held, "axis"))
    need(-numbers.ndim <= axis < numbers.ndim, "an axis that the weights do not have")
    shape = [1] * numbers.ndim
    shape[axis] = -1
    zero, scale = (_held(held, name).astype(np.float32) for name in ("zero_point", "scale"))
    each = [one if one.ndim == 0 else one.reshape(shape) for one in (zero, scale)]
    return np.asarray((numbers - each[0]) * each[1], dtype=np.float32)


def lut_to_dense(held: Mapping[str, Any]) -> np.ndarray:
    """Numbers of a table by their positions, which stand in as few bits as the table needs."""
    table = _held(held, "lut").ravel().astype(np.float32)
    shape = tuple(int(size) for size in np.ravel(_held(held, "shape")))
    bits = len(table).bit_length() - 1
    need(len(table) == 1 << bits and 0 < bits <= _WIDEST, "a table of an impossible size")
    stream = np.unpackbits(_held(held, "indices").ravel().view(np.uint8), bitorder="little")
    count = int(np.prod(shape, dtype=float))
    need(count * bits <= stream.size, "fewer positions than weights")
    places = stream[: count * bits].reshape(count, bits) @ (1 << np.arange(bits))
    return np.asarray(table[places].reshape(shape))


def _held(held: Mapping[str, Any], name: str) -> np.ndarray:
    need(name in held, f"weights without their {name}")
    return np.asarray(held[name])


COMPRESSED: dict[str, Callable[[Mapping[str, Any]], np.ndarray]] = {
    "constexpr_affine_dequantize": affine_dequantize,
    "constexpr_lut_to_dense": lut_to_dense,
}
