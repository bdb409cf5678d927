"""A forest as one operator of `ai.onnx.ml`.

By default that is `TreeEnsemble` of operator set 5, which is smaller. Forests whose leaves add to
several targets, and those for older runtimes, are written as `TreeEnsembleRegressor` and
`TreeEnsembleClassifier` of operator set 3.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.nodes import Nodes, attribute
from lastmile.exporting.onnx.trees.compact import compact, fits
from lastmile.exporting.onnx.trees.forest import Forest

_HAIR = 2e-6  # sums of hundreds of f32 shares were off by up to 6e-7
_HAIR_IN_ALL = 4e-6


def regressor(nodes: Nodes, x: str, forest: Forest, targets: int) -> str:
    """What the trees add up to: [N, targets] f32."""
    if _newest(nodes, forest):
        return compact(nodes, x, forest, targets)
    (made,) = _written(
        nodes,
        x,
        forest,
        "TreeEnsembleRegressor",
        1,
        target_treeids=forest.tree[forest.leaf],
        target_nodeids=forest.place[forest.leaf],
        target_ids=forest.target,
        target_weights=forest.value.astype(np.float32),
        n_targets=targets,
        **_base(forest),
    )
    return made


def classifier(
    nodes: Nodes,
    x: str,
    forest: Forest,
    classes: Sequence[str | int],
    *,
    post: str = "NONE",
    averaged: bool = False,
) -> tuple[str, str]:
    """Label [N] and probabilities [N, K] f32, after `post`: NONE, LOGISTIC or SOFTMAX.

    For two classes the forest has one target, the second class's score. An averaged forest whose
    trees are split evenly answers with the first class; in 32 bits their shares do not add up
    exactly and chance would decide, so the weights of each later class are made smaller by a hair:
    more than the sums are off, and less than any tolerance.
    """
    value = forest.value
    if averaged:
        rank = np.ones(len(value)) if len(classes) == 2 else forest.target.astype(np.float64)
        value = value * (1 - min(_HAIR, _HAIR_IN_ALL / max(1.0, rank.max(initial=1.0))) * rank)
    forest = replace(forest, value=value)
    if _newest(nodes, forest):
        return _decided(nodes, regressor(nodes, x, forest, len(forest.base)), classes, post)
    texts = isinstance(classes[0], str)
    label, shares = _written(
        nodes,
        x,
        forest,
        "TreeEnsembleClassifier",
        2,
        class_treeids=forest.tree[forest.leaf],
        class_nodeids=forest.place[forest.leaf],
        class_ids=forest.target,
        class_weights=forest.value.astype(np.float32),
        classlabels_strings=list(classes) if texts else None,
        classlabels_int64s=None if texts else list(classes),
        post_transform=post,
        **_base(forest),
    )
    return label, shares


def margins(
    nodes: Nodes, x: str, forest: Forest, classes: Sequence[str | int], *, post: str
) -> tuple[str, str, str]:
    """As :func:`classifier`, and behind label and probabilities the sums themselves."""
    score = regressor(nodes, x, forest, len(forest.base))
    if _newest(nodes, forest):
        return (*_decided(nodes, score, classes, post), score)
    return (*classifier(nodes, x, forest, classes, post=post), score)


def _newest(nodes: Nodes, forest: Forest) -> bool:
    return nodes.opset_ml >= 5 and fits(forest)


def _decided(nodes: Nodes, score: str, classes: Sequence[str | int], post: str) -> tuple[str, str]:
    """Label and probabilities of what the trees add up to: [N, 1] for two classes, else [N, K].

    The label is that of the largest score, before a function rounds it; of equal ones, the first.
    """
    two = len(classes) == 2
    if two and post == "NONE":
        score = nodes("Concat", nodes("Sub", np.float32(1), score), score, axis=1)
    elif two:
        score = nodes("Concat", nodes("Neg", score), score, axis=1)
    index = nodes("ArgMax", score, axis=1, keepdims=0)
    label = nodes("Gather", nodes.labels(classes), index, axis=0)
    functions = {"LOGISTIC": ("Sigmoid", None), "SOFTMAX": ("Softmax", 1)}
    if post == "NONE":
        return label, score
    function, axis = functions[post]
    return label, nodes(function, score, axis=axis)


def _base(forest: Forest) -> dict[str, Any]:
    return {"base_values": forest.base.astype(np.float32)} if forest.base.any() else {}


def _written(
    nodes: Nodes, x: str, forest: Forest, type_: str, outputs: int, **leaves: Any
) -> tuple[str, ...]:
    splits = forest.splits
    attributes = {
        "nodes_treeids": forest.tree,
        "nodes_nodeids": forest.place,
        "nodes_featureids": np.where(splits, forest.feature, 0),
        "nodes_values": np.where(splits, forest.threshold, 0).astype(np.float32),
        "nodes_truenodeids": np.where(splits, forest.left, 0),
        "nodes_falsenodeids": np.where(splits, forest.right, 0),
        "nodes_missing_value_tracks_true": (forest.missing_left & splits).astype(np.int64),
        **leaves,
    }
    made = tuple(nodes.fresh("trees") for _ in range(outputs))
    node = onnx.NodeProto(op_type=type_, domain=ML, input=[x], output=list(made))
    modes = np.where(splits, np.where(forest.above, 1, 0), 2)
    names = (b"BRANCH_LEQ", b"BRANCH_GTE", b"LEAF")
    written = node.attribute.add(name="nodes_modes", type=onnx.AttributeProto.STRINGS)
    written.strings.extend([names[mode] for mode in modes.tolist()])
    for name, value in attributes.items():
        if value is not None:
            node.attribute.append(attribute(name, value))
    nodes.nodes.append(node)
    return made
