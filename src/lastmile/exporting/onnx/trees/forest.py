"""The one form of all trees: arrays of nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One tree of M nodes; node 0 is the root.

    feature [M] i64 and threshold [M] f64: a row goes to `left` [M] i64 where its feature is not
    above the threshold, else to `right` [M] i64; both are -1 at leaves. missing_left [M] bool:
    where a missing number goes. values [M, K] f64: what a leaf adds to the targets [K] i64.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    values: np.ndarray
    targets: np.ndarray

    @property
    def size(self) -> int:
        """The number of nodes."""
        return len(self.feature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Trees whose answers are added to `base` [K] f64.

    The arrays hold all nodes, tree after tree; `place` is a node's number inside its tree, and
    `left` and `right` are such numbers. rounds says whether features are rounded to 32 bits before
    they are compared, as scikit-learn does for all trees but those of histograms. above [N] bool
    marks splits that go left where the feature is at or above the threshold, instead. Leaf `leaf`
    [L] (a position among all nodes) adds `value` [L] f64 to the target `target` [L].
    """

    tree: np.ndarray
    place: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    above: np.ndarray
    leaf: np.ndarray
    target: np.ndarray
    value: np.ndarray
    base: np.ndarray
    rounds: bool = True

    @property
    def splits(self) -> np.ndarray:
        """[N] bool: which nodes are no leaves."""
        inner: np.ndarray = self.left >= 0
        return inner

    @property
    def read(self) -> np.ndarray:
        """The features that some split reads, in order."""
        return np.flatnonzero(np.bincount(self.feature[self.splits]))


def joined(trees: Sequence[Tree], base: np.ndarray, *, rounds: bool = True) -> Forest:
    """All trees as one forest."""
    sizes = np.array([tree.size for tree in trees])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    leaves, targets, values = [], [], []
    for start, tree in zip(starts, trees, strict=True):
        own = np.flatnonzero(tree.left < 0)
        leaves.append(np.repeat(own + start, len(tree.targets)))
        targets.append(np.tile(tree.targets, len(own)))
        values.append(tree.values[own].ravel())
    return Forest(
        tree=np.repeat(np.arange(len(trees)), sizes),
        place=np.concatenate([np.arange(size) for size in sizes]),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        left=np.concatenate([tree.left for tree in trees]),
        right=np.concatenate([tree.right for tree in trees]),
        missing_left=np.concatenate([tree.missing_left for tree in trees]),
        above=np.zeros(int(sizes.sum()), dtype=bool),
        leaf=np.concatenate(leaves),
        target=np.concatenate(targets),
        value=np.concatenate(values),
        base=np.asarray(base, dtype=np.float64),
        rounds=rounds,
    )
