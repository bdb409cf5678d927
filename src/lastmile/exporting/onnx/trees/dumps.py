"""Trees of XGBoost, LightGBM and CatBoost in the one form, from the models that they write down.

Each library compares in its own way. XGBoost: a number rounded to 32 bits goes left where it is
below the threshold. LightGBM: a number in 64 bits goes left where it is not above the threshold.
CatBoost: a number rounded to 32 bits goes right where it is above the border.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lastmile.exporting.onnx.trees.forest import Tree

ZERO = float(np.float32(1e-35))
"""What LightGBM takes for zero, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A split by category: `node` asks whether the code of `feature` is one of `codes`.

    inside: whether those go left, and all other codes right; else it is the other way round.
    missing_left: where a missing category goes.
    """

    node: int
    feature: int
    codes: frozenset[int]
    inside: bool
    missing_left: bool


Read = tuple[Tree, tuple[Choice, ...]]
"""A tree, and those of its splits that are by category; there its thresholds mean nothing."""


def of_xgboost(tree: Mapping[str, Any], target: int, factor: float = 1.0) -> Read:
    """A tree of `Booster.save_raw("json")`; `factor` is the weight that dart gives to it.

    A tree whose leaves hold a number for each of several targets adds to all of them.
    """
    left = np.array(tree["left_children"], dtype=np.int64)
    right = np.array(tree["right_children"], dtype=np.int64)
    inner = left >= 0
    given = np.array(tree["split_conditions"], dtype=np.float32)
    below = np.nextafter(given, np.float32(-np.inf)).astype(np.float64)
    width = int(tree["tree_param"]["size_leaf_vector"])
    values = given.astype(np.float64)[:, None]
    if width > 1:
        leaves = np.array(tree["leaf_weights"], dtype=np.float64).reshape(-1, width)
        values = leaves[np.where(inner, 0, right)]
    feature = np.array(tree["split_indices"], dtype=np.int64)
    default = np.array(tree["default_left"], dtype=bool)
    made = Tree(
        feature=np.where(inner, feature, 0),
        threshold=np.where(inner, below, 0.0),
        left=left,
        right=np.where(inner, right, -1),
        missing_left=default & inner,
        values=values * factor,
        targets=np.arange(width) if width > 1 else np.array([target]),
    )
    return made, tuple(_chosen(tree, feature, default))


def _chosen(tree: Mapping[str, Any], feature: np.ndarray, default: np.ndarray) -> Iterator[Choice]:
    for node, start, size in zip(
        tree["categories_nodes"],
        tree["categories_segments"],
        tree["categories_sizes"],
        strict=True,
    ):
        codes = frozenset(int(code) for code in tree["categories"][start : start + size])
        yield Choice(
            node=node,
            feature=int(feature[node]),
            codes=codes,
            inside=False,
            missing_left=bool(default[node]),
        )


def of_lightgbm(structure: Mapping[str, Any], target: int, share: float = 1.0) -> Read:
    """A `tree_structure` of `Booster.dump_model()`, its leaves multiplied by `share`.

    Where a tree met no missing number while it grew, it takes one for 0. A number up to
    :data:`ZERO` on either side of 0 is taken for 0, before it is compared.
    """
    rows: list[Mapping[str, Any]] = []
    left, right = [], []
    waiting: list[tuple[Mapping[str, Any], int, list[int]]] = [(structure, 0, [])]
    while waiting:  # trees may be deeper than Python's own stack
        node, owner, children = waiting.pop()
        if rows:
            children[owner] = len(rows)
        rows.append(node)
        left.append(-1)
        right.append(-1)
        if "split_feature" in node:
            waiting.append((node["right_child"], len(rows) - 1, right))
            waiting.append((node["left_child"], len(rows) - 1, left))
    choices = tuple(
        Choice(
            node=at,
            feature=node["split_feature"],
            codes=frozenset(int(code) for code in str(node["threshold"]).split("||")),
            inside=True,
            missing_left=False,
        )
        for at, node in enumerate(rows)
        if node.get("decision_type") == "=="
    )
    made = Tree(
        feature=np.array([node.get("split_feature", 0) for node in rows], dtype=np.int64),
        threshold=_apart_from_zero(rows),
        left=np.array(left, dtype=np.int64),
        right=np.array(right, dtype=np.int64),
        missing_left=np.array([_unknown_left(node) for node in rows]),
        values=np.array([[node.get("leaf_value", 0.0)] for node in rows]) * share,
        targets=np.array([target]),
    )
    return made, choices


def _apart_from_zero(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """The thresholds of splits, moved so that all that counts as zero is on one side."""
    threshold = np.array(
        [row["threshold"] if row.get("decision_type") == "<=" else 0.0 for row in rows],
        dtype=np.float64,
    )
    near = np.abs(threshold) <= ZERO
    threshold[near] = np.where(threshold[near] < 0, np.nextafter(-ZERO, -np.inf), ZERO)
    return threshold


def _unknown_left(node: Mapping[str, Any]) -> bool:
    if node.get("decision_type") != "<=":
        return False
    if node["missing_type"] == "None":
        return bool(node["threshold"] >= 0)
    return bool(node["default_left"])


def of_catboost(
    tree: Mapping[str, Any], columns: Sequence[int], missing_left: Sequence[bool], targets: int
) -> Tree:
    """A tree of a model in CatBoost's JSON, symmetric or not.

    columns: the position of each of its numeric features. missing_left: where each lets a missing
    number go.
    """
    if "splits" in tree or "leaf_values" in tree:
        feature, threshold, left, values = _symmetric(tree, targets)
        right = np.where(left >= 0, left + 1, -1)
    else:
        feature, threshold, left, right, values = _grown(tree, targets)
    inner = left >= 0
    return Tree(
        feature=np.where(inner, np.asarray(columns, dtype=np.int64)[feature], 0),
        threshold=threshold,
        left=left,
        right=right,
        missing_left=np.asarray(missing_left, dtype=bool)[feature] & inner,
        values=values,
        targets=np.arange(targets),
    )


def _symmetric(
    tree: Mapping[str, Any], targets: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Every level asks one question; the first split is the lowest bit of the leaf's number."""
    splits = tree.get("splits") or []
    depth = len(splits)
    count = 2 ** (depth + 1) - 1
    place = np.arange(count)
    level = np.floor(np.log2(place + 1)).astype(np.int64)
    inner = level < depth
    asked = np.where(inner, depth - 1 - level, 0)
    features = np.array([split["float_feature_index"] for split in splits] or [0])
    borders = np.array([split["border"] for split in splits] or [0.0], dtype=np.float64)
    values = np.zeros((count, targets))
    values[~inner] = np.array(tree["leaf_values"], dtype=np.float64).reshape(-1, targets)
    left = np.where(inner, 2 * place + 1, -1)
    return features[asked], np.where(inner, borders[asked], 0.0), left, values


def _grown(
    tree: Mapping[str, Any], targets: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rows: list[Mapping[str, Any]] = []
    children: list[list[int]] = []
    waiting: list[tuple[Mapping[str, Any], int, int]] = [(tree, -1, 0)]
    while waiting:
        node, owner, side = waiting.pop()
        if owner >= 0:
            children[owner][side] = len(rows)
        rows.append(node)
        children.append([-1, -1])
        if "split" in node:
            waiting.append((node["right"], len(rows) - 1, 1))
            waiting.append((node["left"], len(rows) - 1, 0))
    splits = [node.get("split") or {"float_feature_index": 0, "border": 0.0} for node in rows]
    pairs = np.array(children, dtype=np.int64)
    values = np.array([np.zeros(targets) if "split" in node else np.broadcast_to(
        np.asarray(node["value"], dtype=np.float64), (targets,)) for node in rows])  # fmt: skip
    return (
        np.array([split["float_feature_index"] for split in splits]),
        np.array([split["border"] for split in splits], dtype=np.float64),
        pairs[:, 0],
        pairs[:, 1],
        values,
    )
