"""What scikit-learn's trees know and skl2onnx 1.20 leaves out, written into the graph.

*Missing numbers.* Every split of a decision tree says on which side a missing number goes: where
it went while the tree was fitted, or where most rows went if there was none. skl2onnx writes that
for histogram gradient boosting only.

*Thresholds.* scikit-learn compares with 64-bit thresholds, ONNX with 32-bit ones. For 32-bit
numbers `x <= t` is exactly `x <= t'` where t' is the largest 32-bit number that is not above t;
skl2onnx writes the nearest one for histogram gradient boosting. An infinite threshold, which parts
missing numbers from all others, becomes the largest finite one, as Core ML takes no infinite ones.

*Ties.* A forest whose trees are split evenly answers with the first class. In 32 bits the shares of
the trees do not add up exactly, and chance decides. So the weights of each later class are made
smaller by a hair, more than the sums are off and less than any tolerance.

A tree operator is matched to its trees by their structure, so that no order of conversion is taken
for granted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.signature.parts import parts

_OPERATORS = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")
_AVERAGING = ("RandomForestClassifier", "ExtraTreesClassifier")
_HAIR = 2e-6  # sums of hundreds of f32 shares were off by up to 6e-7
_HAIR_IN_ALL = 4e-6
_LARGEST = np.finfo(np.float32).max
_FLAGS = "nodes_missing_value_tracks_true"


@dataclass(frozen=True, slots=True)
class _Nodes:
    """All nodes of a forest, tree after tree: [N] each; leaves have feature 0 and threshold 0."""

    place: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    averaged: bool = False


def correct_trees(proto: onnx.ModelProto, estimator: Any) -> None:
    """Correct every operator whose trees stand in `estimator`.

    Source: `Tree.missing_go_to_left` and `TreePredictor.nodes` of scikit-learn; the specification
    of the operator: a NaN follows the true branch, which is the left one, where the flag is 1.
    """
    forests = [nodes for _, part in parts(estimator) if (nodes := _nodes(part)) is not None]
    for node in proto.graph.node:
        if node.op_type in _OPERATORS:
            match = next((forest for forest in forests if _same_structure(node, forest)), None)
            if match:
                _write(node, match)


def round_down(values: np.ndarray) -> np.ndarray:
    """The largest f32 that is not above each f64."""
    with np.errstate(over="ignore"):
        near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)


def _nodes(part: Any) -> _Nodes | None:
    if hasattr(part, "_predictors"):
        return _joined([_boosted(tree) for group in part._predictors for tree in group])
    members = getattr(part, "estimators_", ())
    found = list(members.ravel() if hasattr(members, "ravel") else members) or [part]
    trees = [getattr(member, "tree_", None) for member in found]
    if None in trees:
        return None
    return _joined([_classic(tree) for tree in trees], type(part).__name__ in _AVERAGING)


def _joined(trees: list[_Nodes], averaged: bool = False) -> _Nodes:
    return _Nodes(
        place=np.concatenate([tree.place for tree in trees]),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        missing_left=np.concatenate([tree.missing_left for tree in trees]),
        averaged=averaged,
    )


def _classic(tree: Any) -> _Nodes:
    inner = tree.children_left >= 0
    return _Nodes(
        place=np.arange(tree.node_count),
        feature=np.where(inner, tree.feature, 0),
        threshold=np.where(inner, tree.threshold, 0.0),
        missing_left=np.where(inner, tree.missing_go_to_left, 0),
    )


def _boosted(tree: Any) -> _Nodes:
    inner = tree.nodes["is_leaf"] == 0
    return _Nodes(
        place=np.arange(len(tree.nodes)),
        feature=np.where(inner, tree.nodes["feature_idx"], 0),
        threshold=np.where(inner, tree.nodes["num_threshold"], 0.0),
        missing_left=np.where(inner, tree.nodes["missing_go_to_left"], 0),
    )


def _same_structure(node: onnx.NodeProto, forest: _Nodes) -> bool:
    have = {attribute.name: attribute for attribute in node.attribute}
    return (
        np.array_equal(have["nodes_nodeids"].ints, forest.place)
        and np.array_equal(have["nodes_featureids"].ints, forest.feature)
        and np.allclose(have["nodes_values"].floats, forest.threshold, rtol=1e-6, atol=1e-30)
    )


def _write(node: onnx.NodeProto, forest: _Nodes) -> None:
    corrected = {
        _FLAGS: forest.missing_left.astype(np.int64).tolist(),
        "nodes_values": np.clip(round_down(forest.threshold), -_LARGEST, _LARGEST).tolist(),
    }
    if forest.averaged and node.op_type == _OPERATORS[0]:
        corrected["class_weights"] = _with_first_class_ahead(node)
    kept = [attribute for attribute in node.attribute if attribute.name not in corrected]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(
        onnx.helper.make_attribute(name, values) for name, values in corrected.items()
    )


def _with_first_class_ahead(node: onnx.NodeProto) -> list[float]:
    have = {attribute.name: attribute for attribute in node.attribute}
    classes = np.array(have["class_ids"].ints)
    binary = classes.max(initial=0) == 0  # one score, and it is the second class's
    rank = np.ones(len(classes)) if binary else classes.astype(np.float64)
    hair = min(_HAIR, _HAIR_IN_ALL / max(1.0, rank.max(initial=1.0)))
    weights: list[float] = (np.array(have["class_weights"].floats) * (1 - hair * rank)).tolist()
    return weights
