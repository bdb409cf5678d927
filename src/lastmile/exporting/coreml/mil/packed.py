"""Tree ensembles as packed tensors: every tree takes one step at a time, side by side.

Nodes stand in one list, each before its own branches, so that one branch is the next node and the
other is `step` nodes ahead; a leaf steps nowhere. Three numbers a node are kept, where a message of
Core ML's own trees has some twenty bytes: the feature, the distance, and the threshold, which at a
leaf is what it adds (or, for several scores, its place in a table).

A missing number fails every comparison. Where it is to pass, the branch reads a second copy of the
features in which missing numbers are the lowest of all.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.stages.forest import Forest
from lastmile.exporting.coreml.stages.shared import NotAStage
from lastmile.exporting.coreml.stages.trees import read_classifier, read_regressor
from lastmile.exporting.coreml.view import Node

_DEEPEST = 64
_LOWEST = np.float32(np.finfo(np.float32).min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """The numbers of an ensemble.

    feature, step: [M] i32; value: [M] f32; roots: [T] i32; added: [L, K] f32, what each leaf adds,
    empty where there is one score; depth: the most steps from a root to a leaf.
    """

    feature: np.ndarray
    step: np.ndarray
    value: np.ndarray
    roots: np.ndarray
    added: np.ndarray
    depth: int


@claims("TreeEnsembleRegressor", domain=ML)
def packed_regressor(mb: Any, node: Node, x: Any) -> Any:
    """The sum over the trees of what the leaves add.  x: [1, C] -> [1, targets]."""
    forest, transform = _read(node, read_regressor)
    total = _total(mb, node, forest, x)
    return mb.sigmoid(x=total) if transform == "LOGISTIC" else total


@claims("TreeEnsembleClassifier", domain=ML)
def packed_classifier(mb: Any, node: Node, x: Any) -> tuple[None, Any]:
    """The probabilities of the classes.  x: [1, C] -> [1, K]."""
    forest, transform = _read(node, read_classifier)
    total = _total(mb, node, forest, x)
    if transform == "SOFTMAX":
        total = mb.softmax(x=total, axis=1)
    if transform == "LOGISTIC":
        second = mb.sigmoid(x=total)
        return None, mb.concat(values=[mb.sub(x=np.float32(1), y=second), second], axis=1)
    return None, total


def _read(node: Node, read: Any) -> tuple[Forest, str]:
    try:
        forest, transform = read(node)
    except NotAStage as why:
        raise node.refuse(str(why)) from why
    return forest, transform


def _total(mb: Any, node: Node, forest: Forest, x: Any) -> Any:
    """The scores: [1, K]."""
    scale = _scale(forest)
    packed = pack(node, forest, scale, int(x.shape[-1]))
    flat = mb.reshape(x=x, shape=[x.shape[-1]])
    lowest = np.full(x.shape[-1], _LOWEST, np.float32)
    known = mb.select(cond=mb.not_equal(x=flat, y=flat), a=lowest, b=flat)
    both = mb.concat(values=[flat, known], axis=0)
    feature, step, value = (
        mb.const(val=one) for one in (packed.feature, packed.step, packed.value)
    )
    at = packed.roots
    for _ in range(packed.depth):
        ahead = mb.gather(x=step, indices=at, axis=0)
        seen = mb.gather(x=both, indices=mb.gather(x=feature, indices=at, axis=0), axis=0)
        passes = mb.less_equal(x=seen, y=mb.gather(x=value, indices=at, axis=0))
        at = mb.add(x=at, y=mb.select(cond=passes, a=mb.minimum(x=ahead, y=np.int32(1)), b=ahead))
    found = mb.gather(x=value, indices=at, axis=0)
    if packed.added.size:
        rows = mb.gather(x=packed.added, indices=mb.cast(x=found, dtype="int32"), axis=0)
        total = mb.reduce_sum(x=rows, axes=[0], keep_dims=True)
    else:
        total = mb.reshape(x=mb.reduce_sum(x=found, axes=[0], keep_dims=True), shape=[1, 1])
    if scale != 1:
        total = mb.real_div(x=total, y=np.float32(scale))
    if forest.base.any():
        total = mb.add(x=total, y=forest.base.astype(np.float32).reshape(1, -1))
    return total


def _scale(forest: Forest) -> int:
    """What the leaves are multiplied by, so that the votes of a forest are whole numbers.

    A forest of T trees has leaves of 1/T where one class has all rows. Whole numbers are summed
    exactly, so that classes which tie in scikit-learn tie here.
    """
    return forest.trees if (forest.leaf_value == 1.0 / forest.trees).any() else 1


def pack(node: Node, forest: Forest, scale: int, width: int) -> Packed:
    """The tensors of an ensemble over `width` features.

    Raises:
        NotExportable: a branch is neither `<=` nor one that can be turned into it, or a tree is
            too deep.
    """
    table = _Table(node, forest, width)
    roots = [table.grow(root) for root in table.roots()]
    if table.depth > _DEEPEST:
        raise node.refuse(f"a tree of {table.depth} levels")
    sums = np.zeros((len(table.leaves), forest.scores))
    places = {leaf: at for at, leaf in enumerate(table.leaves)}
    for tree, name, score, value in zip(
        forest.leaf_tree.tolist(), forest.leaf_node.tolist(), forest.leaf_score.tolist(),
        forest.leaf_value.tolist(), strict=True,
    ):  # fmt: skip
        sums[places[tree, name], score] += value * scale
    value = np.array(table.value, np.float64)
    at_leaf = np.array(table.step) == 0
    if forest.scores == 1:
        value[at_leaf] = sums[:, 0]
    else:  # most leaves of a deep forest add the same: all to one class
        sums, value[at_leaf] = np.unique(sums, axis=0, return_inverse=True)
    return Packed(
        feature=np.array(table.feature, np.int32),
        step=np.array(table.step, np.int32),
        value=value.astype(np.float32),
        roots=np.array(roots, np.int32),
        added=sums.astype(np.float32) if forest.scores > 1 else np.zeros(0, np.float32),
        depth=table.depth,
    )


class _Table:
    """Nodes in the order of the walk: each, then its passing branch, then the other."""

    def __init__(self, node: Node, forest: Forest, width: int) -> None:
        self.feature: list[int] = []
        self.step: list[int] = []
        self.value: list[float] = []
        self.leaves: list[tuple[int, int]] = []
        self.depth = 0
        self._node, self._width, self._given = node, width, forest.nodes
        pairs = zip(forest.nodes["treeids"], forest.nodes["nodeids"], strict=True)
        self._rows = {pair: row for row, pair in enumerate(pairs)}

    def roots(self) -> list[tuple[int, int]]:
        """The nodes that no other leads to."""
        given = self._given
        below = {
            (tree, child)
            for at, tree in enumerate(given["treeids"])
            if given["modes"][at] != "LEAF"
            for child in (given["truenodeids"][at], given["falsenodeids"][at])
        }
        return [pair for pair in self._rows if pair not in below]

    def grow(self, root: tuple[int, int]) -> int:
        """Add a tree, and tell where it begins."""
        first = len(self.step)
        open_: list[tuple[tuple[int, int], int, int]] = [(root, -1, 0)]
        while open_:
            pair, parent, depth = open_.pop()
            here = len(self.step)
            self.depth = max(self.depth, depth)
            if parent >= 0:
                self.step[parent] = here - parent
            row = self._rows[pair]
            self.step.append(0)
            if self._given["modes"][row] == "LEAF":
                self.feature.append(0)
                self.value.append(0.0)
                self.leaves.append(pair)
                continue
            passing, other = self._branch(row)
            open_ += [((pair[0], other), here, depth + 1), ((pair[0], passing), -1, depth + 1)]
        return first

    def _branch(self, row: int) -> tuple[int, int]:
        """Add a comparison `x <= threshold`; tell the node where it holds, and the other."""
        given = self._given
        yes, no = given["truenodeids"][row], given["falsenodeids"][row]
        threshold, missing = np.float32(given["values"][row]), bool(given["missing"][row])
        mode = given["modes"][row]
        if mode in ("BRANCH_LT", "BRANCH_GTE"):
            threshold = np.nextafter(threshold, np.float32(-np.inf))
        if mode in ("BRANCH_GTE", "BRANCH_GT"):
            yes, no, missing = no, yes, not missing
        elif mode not in ("BRANCH_LEQ", "BRANCH_LT"):
            raise self._node.refuse("it compares for equality")
        self.feature.append(given["featureids"][row] + self._width * missing)
        self.value.append(float(threshold))
        return yes, no
