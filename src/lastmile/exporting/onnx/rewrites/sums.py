"""Weighted sums of columns, in whichever operators they are written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx

from lastmile.exporting.onnx.rewrites.draft import Draft, node_of, read, with_attributes

_LINEAR = ("LinearRegressor", "LinearClassifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedSum:
    """weights [T, C] f64 times the columns `parts`, and offset [T] f64.

    parts: names of values, widths how many columns each has. place: where in the draft's nodes the
    sum stands. nodes: the nodes that are the sum.
    """

    parts: tuple[str, ...]
    widths: tuple[int, ...]
    weights: np.ndarray
    offset: np.ndarray
    place: int
    nodes: tuple[onnx.NodeProto, ...]

    def columns(self, part: int) -> slice:
        """Which columns of the weights belong to a part."""
        start = sum(self.widths[:part])
        return slice(start, start + self.widths[part])


def sums_of(draft: Draft, widths: Mapping[str, int]) -> list[WeightedSum]:
    """The sums in 32 bits whose columns are all known."""
    makers, readers = draft.makers(), draft.readers()
    found = []
    for place, node in enumerate(draft.nodes):
        read_one = _linear(draft, node) or _product(draft, node, readers)
        if read_one is None:
            continue
        weights, offset, nodes = read_one
        joined = makers.get(node.input[0])
        if joined is not None and (
            joined.op_type != "Concat" or len(readers[node.input[0]]) > 1
            or node.input[0] in draft.outputs
        ):  # fmt: skip
            joined = None
        parts = tuple(joined.input) if joined is not None else (node.input[0],)
        known = tuple(widths.get(part, 0) for part in parts)
        if all(known) and sum(known) == weights.shape[1]:
            found.append(
                WeightedSum(parts=parts, widths=known, weights=weights, offset=offset, place=place,
                            nodes=nodes)
            )  # fmt: skip
    return found


_Read = tuple[np.ndarray, np.ndarray, tuple[onnx.NodeProto, ...]]


def _linear(draft: Draft, node: onnx.NodeProto) -> _Read | None:
    if node.op_type not in _LINEAR:
        return None
    weights = np.asarray(read(node, "coefficients"), dtype=np.float64)
    offset = np.asarray(read(node, "intercepts", ()), dtype=np.float64)
    if not len(offset) or len(weights) % len(offset):
        return None
    return weights.reshape(len(offset), -1), offset, (node,)


def _product(
    draft: Draft, node: onnx.NodeProto, readers: Mapping[str, list[onnx.NodeProto]]
) -> _Read | None:
    if node.op_type != "MatMul" or node.output[0] in draft.outputs:
        return None
    matrix, reading = draft.array(node.input[1]), readers.get(node.output[0], [])
    if matrix is None or matrix.dtype != np.float32 or matrix.ndim != 2 or len(reading) != 1:
        return None
    (added,) = reading
    offset = draft.array(added.input[1]) if added.op_type == "Add" else None
    if offset is None or offset.size != matrix.shape[1] or added.input[0] != node.output[0]:
        return None
    return matrix.T.astype(np.float64), offset.astype(np.float64).ravel(), (node, added)


def rewritten_sum(draft: Draft, old: WeightedSum, new: WeightedSum) -> Draft:
    """The draft with one sum for another; nodes that made its former parts may be left over."""
    constants = dict(draft.constants)
    given = new.parts[0]
    made: list[onnx.NodeProto] = []
    if len(new.parts) > 1:
        given = draft.fresh("columns")
        made.append(node_of("Concat", new.parts, [given], axis=1))
    first = old.nodes[0]
    swapped = {id(node): node for node in old.nodes}
    if first.op_type == "MatMul":
        added = old.nodes[1]
        names = draft.fresh("weights"), draft.fresh("offset")
        for name, values in zip(names, (new.weights.T, new.offset[None, :]), strict=True):
            constants[name] = onnx.numpy_helper.from_array(values.astype(np.float32, "C"), name)
        swapped[id(first)] = node_of("MatMul", [given, names[0]], first.output)
        swapped[id(added)] = node_of("Add", [added.input[0], names[1]], added.output)
    else:
        changed = with_attributes(
            first, coefficients=new.weights.astype(np.float32).ravel(),
            intercepts=new.offset.astype(np.float32),
        )  # fmt: skip
        changed.input[:] = [given]
        swapped[id(first)] = changed
    nodes = [swapped.get(id(node), node) for node in draft.nodes]
    nodes[old.place : old.place] = made
    return replace(draft, nodes=tuple(nodes), constants=constants)
