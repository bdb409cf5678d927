"""The operators of trees read back: the newest, `TreeEnsemble`, in the words of the older ones.

Source: ONNX, `TreeEnsemble`, `TreeEnsembleRegressor`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ",
         "BRANCH_MEMBER")  # fmt: skip
"""What each number in `nodes_modes` means."""

TOGETHER = ("AVERAGE", "SUM", "MIN", "MAX")
AFTERWARDS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")


def splits_of(node: onnx.NodeProto) -> tuple[np.ndarray, np.ndarray]:
    """The feature [M] i64 and the threshold [M] f64 of every split of a node of either form."""
    have = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    features = np.array(have["nodes_featureids"], dtype=np.int64)
    if node.op_type == "TreeEnsemble":
        return features, onnx.numpy_helper.to_array(have["nodes_splits"]).astype(np.float64)
    inner = np.array([mode != b"LEAF" for mode in have["nodes_modes"]], dtype=bool)
    return features[inner], np.array(have["nodes_values"], dtype=np.float64)[inner]


def in_old_form(attrs: Mapping[str, Any], owner: str = "target") -> dict[str, Any]:
    """The attributes of a `TreeEnsembleRegressor` that says the same.

    Every tree is walked from its root, level by level; shared leaves are written once for each
    split that leads to them. `owner` is `target`, or `class` for a classifier's.

    Raises `ValueError` where the trees are no trees.
    """
    get = {name: np.asarray(attrs[name]) for name in _SPLITS}
    missing = np.asarray(attrs.get("nodes_missing_value_tracks_true", np.zeros_like(get[_FEATURE])))
    roots = np.asarray(attrs["tree_roots"], dtype=np.int64)
    levels = list(_levels(get, roots))
    sizes = [len(level[0]) for level in levels]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    tree, index, leaf = (np.concatenate(column) for column in zip(*levels, strict=True))
    inner = np.flatnonzero(~leaf)
    yes, no = np.zeros_like(tree), np.zeros_like(tree)
    first = np.repeat(starts[1:-1], [int((~level[2]).sum()) for level in levels[:-1]])
    rank = np.concatenate([np.arange((~level[2]).sum()) for level in levels])
    yes[inner], no[inner] = first + 2 * rank, first + 2 * rank + 1
    number = np.argsort(tree, kind="stable")  # runtimes want the nodes of a tree together
    tree, index, leaf, yes, no = (one[number] for one in (tree, index, leaf, yes, no))
    at = np.where(leaf, 0, index)
    mode = np.array([*MODES, "LEAF"], dtype=object)
    held = index[leaf]
    return {
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": number.tolist(),
        "nodes_modes": mode[np.where(leaf, len(MODES), get["nodes_modes"][at])].tolist(),
        "nodes_featureids": np.where(leaf, 0, get[_FEATURE][at]).tolist(),
        "nodes_values": np.where(leaf, 0, get["nodes_splits"][at]).tolist(),
        "nodes_truenodeids": yes.tolist(),
        "nodes_falsenodeids": no.tolist(),
        "nodes_missing_value_tracks_true": np.where(leaf, 0, missing[at]).tolist(),
        f"{owner}_treeids": tree[leaf].tolist(),
        f"{owner}_nodeids": number[leaf].tolist(),
        f"{owner}_ids": np.asarray(attrs["leaf_targetids"])[held].tolist(),
        f"{owner}_weights": np.asarray(attrs["leaf_weights"], dtype=np.float64)[held].tolist(),
        "n_targets": int(attrs.get("n_targets", 1)),
        "aggregate_function": TOGETHER[int(attrs.get("aggregate_function", 1))],
        "post_transform": AFTERWARDS[int(attrs.get("post_transform", 0))],
    }


_FEATURE = "nodes_featureids"
_SPLITS = (_FEATURE, "nodes_modes", "nodes_splits", "nodes_truenodeids", "nodes_trueleafs",
           "nodes_falsenodeids", "nodes_falseleafs")  # fmt: skip


def _levels(get: Mapping[str, np.ndarray], roots: np.ndarray) -> Any:
    """For each depth the nodes there: tree [M], place among splits or leaves [M], whether a leaf.

    The two children of the n-th split of a depth are the 2n-th and the next node of the next one.
    """
    tree, index, leaf = np.arange(len(roots)), roots, np.zeros(len(roots), dtype=bool)
    left = len(get[_FEATURE])
    while len(tree):
        yield tree, index, leaf
        tree, parents = tree[~leaf], index[~leaf]
        left -= len(parents)
        if left < 0:
            raise ValueError("a split that two others lead to")
        index = _pairs(get["nodes_truenodeids"][parents], get["nodes_falsenodeids"][parents])
        leaf = _pairs(get["nodes_trueleafs"][parents], get["nodes_falseleafs"][parents]) > 0
        tree = np.repeat(tree, 2)


def _pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.stack([first, second], axis=1).ravel()
