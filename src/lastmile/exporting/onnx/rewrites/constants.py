"""What is computed from constants alone becomes a constant, where that makes the file no larger.

Only operators whose result has no freedom of rounding: NumPy and every runtime give the same bits.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.rewrites.draft import Draft, read

Fold = Callable[[onnx.NodeProto, list[np.ndarray]], np.ndarray]
_OVERHEAD = 40
"""Bytes that a node costs at least, with its names."""


def fold_constants(draft: Draft) -> Draft:
    """With the results of such nodes in their place."""
    kept, constants = [], dict(draft.constants)
    for node in draft.nodes:
        made = _folded(node, constants)
        if made is None or set(node.output) & set(draft.outputs):
            kept.append(node)
        else:
            constants[node.output[0]] = made
    if len(kept) == len(draft.nodes):
        return draft
    return replace(draft, nodes=tuple(kept), constants=constants)


def _folded(
    node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]
) -> onnx.TensorProto | None:
    fold = _FOLDS.get(node.op_type)
    if fold is None or node.domain or not all(name in constants for name in node.input):
        return None
    given = [constants[name] for name in node.input]
    if any(one.data_type == onnx.TensorProto.STRING for one in given):
        return None
    arrays = [onnx.numpy_helper.to_array(one) for one in given]
    made = onnx.numpy_helper.from_array(np.ascontiguousarray(fold(node, arrays)), node.output[0])
    before = sum(one.ByteSize() for one in given) + _OVERHEAD
    return made if made.ByteSize() <= before else None


def _cast(node: onnx.NodeProto, given: list[np.ndarray]) -> np.ndarray:
    kind: Any = onnx.helper.tensor_dtype_to_np_dtype(read(node, "to"))
    return given[0].astype(kind)


def _joined(node: onnx.NodeProto, given: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(given, axis=read(node, "axis"))


def _taken(node: onnx.NodeProto, given: list[np.ndarray]) -> np.ndarray:
    return np.take(given[0], given[1], axis=read(node, "axis", 0))


def _reshaped(node: onnx.NodeProto, given: list[np.ndarray]) -> np.ndarray:
    old = given[0].shape
    return given[0].reshape([old[at] if size == 0 else size for at, size in enumerate(given[1])])


def _unsqueezed(node: onnx.NodeProto, given: list[np.ndarray]) -> np.ndarray:
    return np.expand_dims(given[0], tuple(given[1].tolist()))


_FOLDS: Mapping[str, Fold] = {
    "Cast": _cast,
    "Concat": _joined,
    "Gather": _taken,
    "Reshape": _reshaped,
    "Unsqueeze": _unsqueezed,
    "Neg": lambda node, given: -given[0],
    "Add": lambda node, given: given[0] + given[1],
    "Sub": lambda node, given: given[0] - given[1],
    "Mul": lambda node, given: given[0] * given[1],
}
