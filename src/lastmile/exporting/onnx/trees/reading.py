"""Trees of scikit-learn's estimators in the one form.

Source: `sklearn.tree._tree.Tree` (children are -1 at leaves; a row goes left where the feature,
rounded to 32 bits, is not above the threshold) and `TreePredictor.nodes` of histogram gradient
boosting (features are compared in 64 bits).
"""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.trees.forest import Tree


def grown(tree: Any, values: np.ndarray, targets: np.ndarray, columns: Any = None) -> Tree:
    """A compiled tree whose leaves add `values` [M, K] to `targets`; it reads only `columns`."""
    inner = tree.children_left >= 0
    feature = np.where(inner, tree.feature, 0).astype(np.int64)
    return Tree(
        feature=feature if columns is None else np.asarray(columns, dtype=np.int64)[feature],
        threshold=np.where(inner, tree.threshold, 0.0),
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        missing_left=np.asarray(tree.missing_go_to_left, dtype=bool) & inner,
        values=np.asarray(values, dtype=np.float64),
        targets=np.asarray(targets, dtype=np.int64),
    )


def boosted(nodes: np.ndarray, target: int) -> Tree:
    """A tree of histogram gradient boosting; splits by category are not read here."""
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        missing_left=nodes["missing_go_to_left"].astype(bool) & ~leaf,
        values=np.asarray(nodes["value"], dtype=np.float64)[:, None],
        targets=np.array([target]),
    )
