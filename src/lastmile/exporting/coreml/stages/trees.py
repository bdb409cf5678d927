"""Tree ensembles as Core ML's own: 64-bit comparisons, and a direction for missing values."""

from typing import Any

import numpy as np

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.features import Feature, Form, Vector
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.schema import messages
from lastmile.exporting.coreml.stages.forest import Forest, read_forest
from lastmile.exporting.coreml.stages.shared import need, need_row
from lastmile.exporting.coreml.view import Node

_TRANSFORMS = {
    "NONE": "NoTransform",
    "SOFTMAX": "Classification_SoftMax",
    "LOGISTIC": "Regression_Logistic",
}


@claims("TreeEnsembleRegressor", domain=ML)
def tree_regressor(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """The sum over the trees of what the leaves add.  x: [1, C] -> [1, targets]."""
    forest, transform = read_regressor(node)
    return _scores(pipeline, x, forest, transform)


def read_regressor(node: Node) -> tuple[Forest, str]:
    """The ensemble with a score per target, and its transform."""
    targets = int(node.attr("n_targets", 1))
    forest = read_forest(node, "target", scores=targets)
    together = node.attr("aggregate_function", "SUM")
    need(together in ("SUM", "AVERAGE"), f"it takes the {together} of the trees")
    if together == "AVERAGE":
        forest = forest.averaged()
    transform = node.attr("post_transform", "NONE")
    need(
        transform == "NONE" or (transform == "LOGISTIC" and targets == 1), f"it ends in {transform}"
    )
    return forest, transform


@claims("TreeEnsembleClassifier", domain=ML)
def tree_scores(pipeline: Pipeline, node: Node, x: Vector) -> tuple[None, Vector]:
    """The class probabilities as numbers, for a graph that computes on with them.

    Core ML's classifier gives them in a dictionary, so this is its regressor, with as many
    outputs as there are classes.
    """
    forest, transform = read_classifier(node)
    need(transform != "LOGISTIC", "it ends in a sigmoid and is not the last step")
    return None, _scores(pipeline, x, forest, transform)


def _scores(pipeline: Pipeline, x: Vector, forest: Forest, transform: str) -> Vector:
    need_row(x)
    array = pipeline.array(x, "features")
    form = Form.DOUBLE if forest.scores == 1 else Form.ARRAY64
    made = Feature(pipeline.fresh("forest"), form, forest.scores)
    message = pipeline.stage("treeEnsembleRegressor", [array], [made])
    fill_trees(message, forest, transform)
    return Vector((made,), (1, forest.scores))


def fill_trees(message: Any, forest: Forest, transform: str) -> None:
    """Write the ensemble and its transform into a tree stage's message."""
    forest.fill(message.treeEnsemble)
    kinds = messages("TreeEnsemble").TreeEnsemblePostEvaluationTransform
    message.postEvaluationTransform = kinds.Value(_TRANSFORMS[transform])


def read_classifier(node: Node) -> tuple[Forest, str]:
    """The ensemble with a score per class, and its transform.

    Two classes may come as one score. ONNX Runtime then takes it for the second class's: as its
    probability where no leaf is negative, else as its margin (source: `ml_value` of the tree
    kernels, checked against the runtime in the tests).
    """
    classes = len(node.attr("classlabels_strings") or node.attr("classlabels_int64s") or ())
    transform = node.attr("post_transform", "NONE")
    need(transform in _TRANSFORMS, f"it ends in {transform}")
    forest = read_forest(node, "class", scores=classes)
    if classes == 2 and len(set(forest.leaf_score.tolist())) == 1:
        return _binary(forest, transform), transform
    need(transform != "LOGISTIC", "it has a sigmoid for each class")
    need(forest.base.size == classes, "its base values do not fit the classes")
    shares = transform == "NONE" and bool((forest.leaf_value >= 0).all())
    need(classes > 2 or shares, "two margins, of which ONNX Runtime reads only the second")
    return (forest.sharpened() if transform == "NONE" else forest), transform


def _binary(forest: Forest, transform: str) -> Forest:
    if transform == "LOGISTIC":
        base = forest.base[-1:]
        zeros = np.zeros_like(forest.leaf_score)
        return Forest(
            nodes=forest.nodes, leaf_tree=forest.leaf_tree, leaf_node=forest.leaf_node,
            leaf_score=zeros, leaf_value=forest.leaf_value, base=base, scores=1,
        )  # fmt: skip
    need(transform == "NONE" and not forest.base.any(), "one score with a softmax or a base value")
    share = bool((forest.leaf_value >= 0).all())
    return forest.sharpened().for_both_classes() if share else forest.for_both_signs()
