"""A forest as the operator `TreeEnsemble` of `ai.onnx.ml` 5: half to a third of the older form.

Splits and leaves are numbered apart, a leaf is two numbers, and what no tree needs is left out.
Leaves that add the same to the same target are one. Measured with ONNX Runtime 1.28 and 1.32
against a walk of our own: every comparison, every direction of missing numbers, several targets,
32 and 64 bits, shared leaves and trees of one leaf are right. `BRANCH_MEMBER` is right for whole
numbers only (1.5 is a member of {1, 40}), a shared split is refused, and 1.20 has no kernel.
"""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.nodes import Nodes
from lastmile.exporting.onnx.trees.forest import Forest

LEQ, GTE = 0, 2
"""Kinds of splits, as `nodes_modes` has them."""


def fits(forest: Forest) -> bool:
    """Whether no leaf adds to two targets: the operator has one for each leaf."""
    told = _told(forest)
    return bool(np.bincount(forest.leaf[told]).max(initial=0) <= 1)


def compact(nodes: Nodes, x: str, forest: Forest, targets: int) -> str:
    """What the trees of a forest that `fits` add up to: [N, targets] f32."""
    made: str = nodes.ml("TreeEnsemble", x, name="trees", n_targets=targets, **_attributes(forest))
    if not forest.base.any():
        return made
    base: str = nodes("Add", made, forest.base[None, :])
    return base


def _told(forest: Forest) -> np.ndarray:
    """[L] bool: which leaf values are needed; of a leaf that adds nothing, the first is kept."""
    told: np.ndarray = forest.value.astype(np.float32) != 0
    said = np.zeros(len(forest.tree), dtype=bool)
    said[forest.leaf[told]] = True
    _, first = np.unique(forest.leaf, return_index=True)
    told[first[~said[forest.leaf[first]]]] = True
    return told


def _attributes(forest: Forest) -> dict[str, Any]:
    told = _told(forest)
    number, targets, weights = _leaves(forest, told)
    splits = forest.splits
    starts = np.flatnonzero(forest.place == 0)
    inner = np.cumsum(splits) - 1
    first = starts[forest.tree[splits]]
    yes, no = first + forest.left[splits], first + forest.right[splits]
    alone = starts[~splits[starts]]  # trees of one leaf become a split with that leaf on both sides
    roots = inner[starts]
    roots[~splits[starts]] = int(splits.sum()) + np.arange(len(alone))

    def joined(values: np.ndarray, of_alone: Any = 0) -> np.ndarray:
        return np.concatenate([values, np.broadcast_to(of_alone, len(alone))])

    mode = np.where(forest.above[splits], GTE, LEQ)
    missing = joined(forest.missing_left[splits])
    return {
        "tree_roots": roots,
        "nodes_featureids": joined(forest.feature[splits]),
        "nodes_modes": joined(mode).astype(np.uint8),
        "nodes_splits": joined(forest.threshold[splits]).astype(np.float32),
        "nodes_truenodeids": joined(np.where(splits[yes], inner[yes], number[yes]), number[alone]),
        "nodes_trueleafs": joined(~splits[yes], 1),
        "nodes_falsenodeids": joined(np.where(splits[no], inner[no], number[no]), number[alone]),
        "nodes_falseleafs": joined(~splits[no], 1),
        "nodes_missing_value_tracks_true": missing if missing.any() else None,
        "leaf_targetids": targets,
        "leaf_weights": weights,
    }


def _leaves(forest: Forest, told: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each node its leaf's number, and the leaves' targets and values; equal ones are one."""
    weights = forest.value[told].astype(np.float32) + np.float32(0)  # both zeros are one
    pairs = (forest.target[told].astype(np.int64) << 32) | weights.view(np.uint32)
    _, first, back = np.unique(pairs, return_index=True, return_inverse=True)
    number = np.zeros(len(forest.tree), dtype=np.int64)
    number[forest.leaf[told]] = back
    return number, forest.target[told][first], weights[first]
