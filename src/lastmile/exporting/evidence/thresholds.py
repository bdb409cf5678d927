"""Where a graph compares raw columns: the thresholds of its trees and bins, by column.

Rows at these numbers, and one 32-bit step beside them, are the first to tell two forms of an
estimator apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from lastmile.exporting.onnx import Graph
from lastmile.exporting.onnx.rewrites.draft import Draft, draft_of
from lastmile.exporting.onnx.rewrites.known import widths_of
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
    draft = draft_of(graph.proto)
    seen = _Seen(draft)
    found: dict[str, set[float]] = {}
    computed = False
    for node in draft.nodes:
        if node.op_type in _COMPARISONS:
            for column, values in _compared(node, draft, seen):
                if column in names:
                    found.setdefault(names[column], set()).update(values.tolist())
        if node.op_type not in _TREES:
            continue
        features, values = splits_of(node)
        columns = seen.columns(node.input[0])
        for place in np.unique(features):
            column = columns[place] if place < len(columns) else ""
            if column in names:
                found.setdefault(names[column], set()).update(values[features == place].tolist())
            else:
                computed = computed or len(np.unique(values[features == place])) > 1
    return Thresholds({name: np.array(sorted(made)) for name, made in found.items()}, computed)


def _compared(
    node: onnx.NodeProto, draft: Draft, seen: "_Seen"
) -> Iterator[tuple[str, np.ndarray]]:
    """The column that one operator compares with constant numbers, and these."""
    for value, other in (tuple(node.input), tuple(node.input)[::-1]):
        numbers = draft.array(other)
        if numbers is None or numbers.dtype.kind not in "iuf":
            continue
        if len(columns := seen.columns(value)) == 1:
            yield columns[0], numbers.astype(np.float64).ravel()


class _Seen:
    """The columns of a graph's values, as far as that can be told."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._makers = draft.makers()
        self._widths = widths_of(draft)

    def columns(self, value: str) -> list[str]:
        """The single columns that an array is joined from; no name for one that is computed."""
        node = self._makers.get(value)
        if node is None:
            return [value]
        if node.op_type == "Concat":
            return [column for part in node.input for column in self.columns(part)]
        if node.op_type in _SAME:
            return self.columns(node.input[0])
        chosen = self._draft.array(node.input[1]) if node.op_type == "Gather" else None
        if chosen is not None:
            before = self.columns(node.input[0])
            return [before[place] if place < len(before) else "" for place in chosen.ravel()]
        return [""] * self._widths.get(value, 1)
