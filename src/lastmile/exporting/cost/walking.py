"""How many nodes of its trees one prediction visits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.trees.operators import in_old_form

NODE_BYTES = 20
"""What a runtime reads of a node: threshold, feature, two ways on, flags."""

_COMPARE = {
    b"BRANCH_LEQ": np.less_equal,
    b"BRANCH_LT": np.less,
    b"BRANCH_GTE": np.greater_equal,
    b"BRANCH_GT": np.greater,
    b"BRANCH_EQ": np.equal,
    b"BRANCH_NEQ": np.not_equal,
}


def visited(node: onnx.NodeProto, x: np.ndarray | None) -> float:
    """Splits and leaves that one row of `x` [N, C] passes in all trees of a node, on average.

    Without rows each split is taken to send half of them either way.
    """
    trees = _trees(node)
    if x is None or not len(x):
        return _by_halves(trees)
    return _by_rows(trees, x)


def _trees(node: onnx.NodeProto) -> Mapping[str, np.ndarray]:
    """Feature, threshold, mode, both children as places, and the roots, of all trees together."""
    have: dict[str, Any] = {
        one.name: onnx.helper.get_attribute_value(one) for one in node.attribute
    }
    if node.op_type == "TreeEnsemble":
        tensors = {name: _plain(value) for name, value in have.items()}
        have = in_old_form(tensors)
        have["nodes_modes"] = [mode.encode() for mode in have["nodes_modes"]]
    tree = np.array(have["nodes_treeids"], dtype=np.int64)
    number = np.array(have["nodes_nodeids"], dtype=np.int64)
    span = int(number.max()) + 1
    order = np.argsort(tree * span + number)
    keys = (tree * span + number)[order]

    def place(children: Any) -> np.ndarray:
        wanted = tree * span + np.array(children, dtype=np.int64)
        return order[np.clip(np.searchsorted(keys, wanted), 0, len(keys) - 1)]

    modes = np.array(have["nodes_modes"], dtype=object)
    missing = np.array(have.get("nodes_missing_value_tracks_true", np.zeros(len(tree))), dtype=bool)
    yes, no = place(have["nodes_truenodeids"]), place(have["nodes_falsenodeids"])
    inner = modes != b"LEAF"
    led_to = set(yes[inner].tolist()) | set(no[inner].tolist())
    return {
        "feature": np.array(have["nodes_featureids"], dtype=np.int64),
        "value": np.array(have["nodes_values"], dtype=np.float32),
        "mode": modes,
        "yes": yes,
        "no": no,
        "inner": inner,
        "missing": missing if len(missing) == len(tree) else np.zeros(len(tree), dtype=bool),
        "roots": np.array([at for at in range(len(tree)) if at not in led_to]),
    }


def _plain(value: Any) -> Any:
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _by_halves(trees: Mapping[str, np.ndarray]) -> float:
    at, share = trees["roots"], np.ones(len(trees["roots"]))
    total = 0.0
    while len(at):
        total += share.sum()
        inner = trees["inner"][at]
        at, share = at[inner], share[inner] / 2
        at = np.concatenate([trees["yes"][at], trees["no"][at]])
        share = np.concatenate([share, share])
    return float(total)


def _by_rows(trees: Mapping[str, np.ndarray], x: np.ndarray) -> float:
    rows = np.repeat(np.arange(len(x)), len(trees["roots"]))
    at = np.tile(trees["roots"], len(x))
    total = 0
    while len(at):
        total += len(at)
        inner = trees["inner"][at]
        at, rows = at[inner], rows[inner]
        values = x[rows, trees["feature"][at]]
        left = np.zeros(len(at), dtype=bool)
        for mode, compare in _COMPARE.items():
            own = trees["mode"][at] == mode
            left[own] = compare(values[own], trees["value"][at[own]])
        left = np.where(np.isnan(values), trees["missing"][at], left)
        at = np.where(left, trees["yes"][at], trees["no"][at])
    return total / len(x)
