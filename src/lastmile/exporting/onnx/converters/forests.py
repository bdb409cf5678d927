"""Trees and forests."""

from dataclasses import replace
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.scores import argmax
from lastmile.exporting.onnx.nodes import Part, Parts
from lastmile.exporting.onnx.trees import Forest, classifier, cut, joined, regressor
from lastmile.exporting.onnx.trees.reading import grown
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("DecisionTreeClassifier", "ExtraTreeClassifier")
def tree_classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The shares of the classes in the leaf."""
    return _classifier(writer, estimator, [estimator.tree_], parts)


@converts("RandomForestClassifier", "ExtraTreesClassifier")
def forest_classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of the trees' shares."""
    trees = [member.tree_ for member in estimator.estimators_]
    return _classifier(writer, estimator, trees, parts)


def _classifier(writer: Writer, estimator: Any, trees: list[Any], parts: Parts) -> Answer:
    if estimator.n_outputs_ == 1:
        return _one_label(writer, estimator.classes_, trees, 0, parts)
    return Answer(
        targets=tuple(
            _one_label(writer, classes, trees, number, parts)
            for number, classes in enumerate(estimator.classes_)
        )
    )


def _one_label(writer: Writer, classes: Any, trees: list[Any], number: int, parts: Parts) -> Answer:
    count = len(classes)
    if count == 1:
        raise writer.refusal("it has seen one class only")
    wanted = [1] if count == 2 else list(range(count))
    targets = np.arange(len(wanted))
    read = [grown(tree, tree.value[:, number, wanted] / len(trees), targets) for tree in trees]
    known = plain_classes(classes)
    x, forest = cut(writer, joined(read, np.zeros(len(wanted))), parts)
    label, shares = classifier(writer, x, forest, known, averaged=len(trees) > 1)
    return Answer(label=label, index=argmax(writer, shares), classes=known, probabilities=shares)


@converts("DecisionTreeRegressor", "ExtraTreeRegressor")
def tree_regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The value of the leaf."""
    return Answer(value=_means(writer, [estimator.tree_], parts))


@converts("RandomForestRegressor", "ExtraTreesRegressor")
def forest_regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of the trees' values."""
    return Answer(value=_means(writer, [member.tree_ for member in estimator.estimators_], parts))


def _means(writer: Writer, trees: list[Any], parts: Parts) -> str:
    """Leaves hold what they are away from the root, so that sums of them are small numbers."""
    targets = trees[0].value.shape[1]
    middle = np.mean([tree.value[0, :, 0] for tree in trees], axis=0)
    read = [
        grown(tree, (tree.value[:, :, 0] - middle) / len(trees), np.arange(targets))
        for tree in trees
    ]
    return _summed(writer, joined(read, middle), parts, targets)


def _summed(writer: Writer, forest: Forest, parts: Parts, targets: int) -> str:
    x, moved = cut(writer, forest, parts)
    return regressor(writer, x, moved, targets)


@converts("IsolationForest")
def isolation(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """How soon a row is alone: 2 to the power of minus the mean depth, by the usual depth.

    Source: `IsolationForest._compute_score_samples` and `decision_function`.
    """
    from sklearn.ensemble._iforest import _average_path_length

    read = []
    for number, (member, columns) in enumerate(
        zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    ):
        depths = (
            estimator._decision_path_lengths[number]
            + estimator._average_path_length_per_tree[number]
            - 1.0
        )
        read.append(grown(member.tree_, np.asarray(depths)[:, None], np.array([0]), columns))
    usual = len(read) * float(_average_path_length(np.array([estimator._max_samples]))[0])
    depth = _summed(writer, joined(read, np.zeros(1)), parts, 1)
    share = writer("Exp", writer("Mul", depth, np.float32(-np.log(2) / usual)))
    score = writer("Sub", np.float32(-estimator.offset_), share)
    outside = writer("Less", writer("Squeeze", score, np.array([1])), np.float32(0))
    return Answer(label=writer("Where", outside, np.int64(-1), np.int64(1)), score=score)


@converts("RandomTreesEmbedding")
def embedding(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A column for each leaf: 1 for the one that a row falls into."""
    read, width = [], 0
    for member, leaves in zip(
        estimator.estimators_, estimator.one_hot_encoder_.categories_, strict=True
    ):
        tree = member.tree_
        columns = np.zeros(tree.node_count, dtype=np.int64)
        columns[np.asarray(leaves, dtype=np.int64)] = width + np.arange(len(leaves))
        width += len(leaves)
        read.append((tree, columns))
    forest = joined([grown(tree, np.ones((tree.node_count, 1)), np.array([0])) for tree, _ in read],
                    np.zeros(1))  # fmt: skip
    every = np.concatenate([columns for _, columns in read])
    forest = replace(forest, target=every[forest.leaf])
    return Answer(features=(Part(_summed(writer, forest, parts, width), Kind.FLOAT, width),))
