"""Weights of matrix products stored in 16 or 8 bits, and computed with in 32 as before.

The file holds a narrow tensor, and one node in front of the product widens it: `Cast` from 16-bit
floats, or `DequantizeLinear` from 8-bit whole numbers with a scale for each column. Trees, linear
models and tables of texts hold their numbers in attributes, which have no narrow form.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import onnx

from lastmile.exporting.onnx.rewrites.draft import Draft, node_of

Weights = Literal["float32", "float16", "int8"]

_SMALLEST = 64
"""Fewer numbers than this are not worth a node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """What was stored in fewer bits: how, how many tensors, and their bytes before and after."""

    stored: Weights
    tensors: int
    bytes_before: int
    bytes_after: int


def narrowed(draft: Draft, stored: Weights) -> tuple[Draft, Narrowed]:
    """The draft with the weights of its products stored in fewer bits, and what that came to."""
    if stored == "float32":
        return draft, Narrowed(stored=stored, tensors=0, bytes_before=0, bytes_after=0)
    constants, nodes = dict(draft.constants), list(draft.nodes)
    before = after = tensors = 0
    for name in _weights_of(draft):
        wide = onnx.numpy_helper.to_array(constants.pop(name))
        made, node = _halved(name, wide) if stored == "float16" else _in_bytes(name, wide)
        constants |= {one.name: one for one in made}
        nodes.insert(0, node)
        tensors += 1
        before += wide.nbytes
        after += sum(onnx.numpy_helper.to_array(one).nbytes for one in made)
    changed = replace(draft, constants=constants, nodes=tuple(nodes)) if tensors else draft
    return changed, Narrowed(stored=stored, tensors=tensors, bytes_before=before, bytes_after=after)


def _weights_of(draft: Draft) -> list[str]:
    """Constants [C, H] f32 that columns are multiplied by, in order; read by products only."""
    found: dict[str, None] = {}
    for name, readers in draft.readers().items():
        tensor = draft.constants.get(name)
        if tensor is None or tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) != 2:
            continue
        product = all(node.op_type == "MatMul" and node.input[1] == name for node in readers)
        if product and int(np.prod(tensor.dims)) >= _SMALLEST:
            found[name] = None
    return list(found)


_Stored = tuple[list[onnx.TensorProto], onnx.NodeProto]


def _halved(name: str, wide: np.ndarray) -> _Stored:
    """16-bit floats; larger numbers than those hold become the largest."""
    end = np.finfo(np.float16).max
    held = onnx.numpy_helper.from_array(np.clip(wide, -end, end).astype(np.float16), f"{name}_16")
    return [held], node_of("Cast", [held.name], [name], to=onnx.TensorProto.FLOAT)


def _in_bytes(name: str, wide: np.ndarray) -> _Stored:
    """8-bit whole numbers, the largest of each column being 127 steps from zero."""
    scale = (np.abs(wide).max(axis=0) / 127).astype(np.float32)
    steps = np.rint(wide / np.where(scale == 0, 1, scale)).astype(np.int8)
    held = [
        onnx.numpy_helper.from_array(steps, f"{name}_8"),
        onnx.numpy_helper.from_array(scale, f"{name}_scale"),
    ]
    names = [one.name for one in held]
    return held, node_of("DequantizeLinear", names, [name], axis=1)
