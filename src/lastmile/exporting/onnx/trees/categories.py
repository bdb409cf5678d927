"""Splits by category, each kind of it a column: 0 where it goes left, 1 where it goes right.

Categories have codes; a table of all codes, looked up once for each column of categories, answers
all of its splits. Nothing is rounded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby

import numpy as np

from lastmile.exporting.onnx.nodes import Nodes, Part, Parts
from lastmile.exporting.onnx.trees.dumps import Choice
from lastmile.exporting.onnx.trees.forest import Forest, Tree
from lastmile.exporting.signature import Kind


class Categories:
    """Columns that stand for splits by category, behind `width` columns of numbers."""

    def __init__(self, width: int, counts: Mapping[int, int]) -> None:
        """counts: how many codes each column of categories has, from 0 on."""
        self._width, self._counts = width, counts
        self._made: dict[tuple[int, bytes], int] = {}

    @property
    def read(self) -> tuple[int, ...]:
        """The columns of categories that some split reads."""
        return tuple(dict.fromkeys(feature for feature, _ in self._made))

    def turned(self, tree: Tree, choices: Iterable[Choice]) -> Tree:
        """The tree with its splits by category turned into splits on their columns."""
        feature, threshold = tree.feature.copy(), tree.threshold.copy()
        missing = tree.missing_left.copy()
        for choice in choices:
            left = np.full(self._counts[choice.feature] + 2, not choice.inside)
            left[[code for code in choice.codes if code < len(left) - 2]] = choice.inside
            left[-1] = choice.missing_left
            feature[choice.node] = self.column(choice.feature, left)
            threshold[choice.node] = 0.5
            missing[choice.node] = False
        return replace(tree, feature=feature, threshold=threshold, missing_left=missing)

    def column(self, feature: int, left: np.ndarray) -> int:
        """The place of the column for one split.

        left: [codes + 2] bool, the last but one for an unknown code, the last for a missing one.
        """
        key = (feature, left.tobytes())
        return self._width + self._made.setdefault(key, len(self._made))

    def grouped(self, forest: Forest) -> Forest:
        """The forest whose trees were made with these columns, reading them by :meth:`columns`."""
        behind = np.argsort(self._order(), kind="stable") + self._width
        places = np.concatenate([np.arange(self._width), behind])
        return replace(forest, feature=places[forest.feature])

    def _order(self) -> list[int]:
        """The numbers of the columns, those of one column of categories together."""
        owners = [feature for feature, _ in self._made]
        return sorted(range(len(owners)), key=owners.__getitem__)

    def columns(self, nodes: Nodes, places: Mapping[int, str]) -> Parts:
        """One part for each column of categories: a column for each of its splits.

        places: for each column of categories the place [N, 1] i64 of its code in the table.
        """
        made = list(self._made)
        parts = []
        for feature, own in groupby((made[at] for at in self._order()), key=lambda one: one[0]):
            right = [~np.frombuffer(text, dtype=bool) for _, text in own]
            parts.append(_looked_up(nodes, places[feature], np.stack(right, axis=1)))
        return tuple(parts)


def _looked_up(nodes: Nodes, place: str, table: np.ndarray) -> Part:
    """The row of the table [codes, n] at each place: [N, n]."""
    width = table.shape[1]
    rows = nodes("Gather", table.astype(np.float32), nodes("Reshape", place, np.array([-1])))
    return Part(rows, Kind.FLOAT, width)
