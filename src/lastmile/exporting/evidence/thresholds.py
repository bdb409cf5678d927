"""Where a graph compares raw columns: the thresholds of its trees and bins, by column.

Rows at these numbers, and one 32-bit step beside them, are the first to tell two forms of an
estimator apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx import Graph
from lastmile.exporting.onnx.trees.operators import splits_of

_TREES = ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor")
_COMPARISONS = ("Less", "LessOrEqual", "Greater", "GreaterOrEqual")
_SAME = ("Cast", "Identity")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Distinct f64 thresholds on each raw column of numbers, by the column's name, rising.

    `computed` says whether there are splits on numbers that are computed from columns as well.
    """

    by_column: Mapping[str, np.ndarray]
    computed: bool


def thresholds_of(graph: Graph) -> Thresholds:
    """Where the trees of a graph compare, and where its operators compare a column by itself."""
    names = {column.identifier: column.name for column in graph.signature.columns}
    proto = graph.proto.graph
    makers = {name: node for node in proto.node for name in node.output}
    constants = {tensor.name: tensor for tensor in proto.initializer}
    found: dict[str, set[float]] = {}
    computed = False
    for node in proto.node:
        if node.op_type in _COMPARISONS:
            for column, values in _compared(node, makers, constants):
                if column in names:
                    found.setdefault(names[column], set()).update(values.tolist())
        if node.op_type not in _TREES:
            continue
        features, values = splits_of(node)
        columns = _columns(node.input[0], makers)
        for place in np.unique(features):
            column = columns[place] if place < len(columns) else ""
            if column in names:
                found.setdefault(names[column], set()).update(values[features == place].tolist())
            else:
                computed = computed or len(np.unique(values[features == place])) > 1
    return Thresholds({name: np.array(sorted(made)) for name, made in found.items()}, computed)


def _compared(
    node: onnx.NodeProto, makers: dict[str, Any], constants: dict[str, onnx.TensorProto]
) -> Iterator[tuple[str, np.ndarray]]:
    """The column that one operator compares with constant numbers, and these."""
    for value, other in (tuple(node.input), tuple(node.input)[::-1]):
        if other in constants and len(columns := _columns(value, makers)) == 1:
            numbers = onnx.numpy_helper.to_array(constants[other])
            if numbers.dtype.kind in "iuf":
                yield columns[0], numbers.astype(np.float64).ravel()


def _columns(value: str, makers: dict[str, Any]) -> list[str]:
    """The single columns that an array is joined from, as far as that can be told."""
    node = makers.get(value)
    if node is None:
        return [value]
    if node.op_type == "Concat":
        return [column for part in node.input for column in _columns(part, makers)]
    if node.op_type in _SAME:
        return _columns(node.input[0], makers)
    return [f"{value}[?]"]
