"""Where a graph compares raw columns: the thresholds of its trees, by column.

Rows at these numbers, and one 32-bit step beside them, are the first to tell two forms of an
estimator apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lastmile.exporting.onnx import Graph
from lastmile.exporting.onnx.trees.operators import splits_of

_TREES = ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor")
_SAME = ("Cast", "Identity")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Distinct f64 thresholds on each raw column of numbers, by the column's name, rising.

    `computed` says whether there are splits on numbers that are computed from columns as well.
    """

    by_column: Mapping[str, np.ndarray]
    computed: bool


def thresholds_of(graph: Graph) -> Thresholds:
    """Where the trees of a graph compare."""
    names = {column.identifier: column.name for column in graph.signature.columns}
    makers = {name: node for node in graph.proto.graph.node for name in node.output}
    found: dict[str, set[float]] = {}
    computed = False
    for node in graph.proto.graph.node:
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
