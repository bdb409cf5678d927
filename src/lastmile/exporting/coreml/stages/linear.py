"""Generalized linear models."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.features import Feature, Form, Vector
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.stages.shared import need, need_row
from lastmile.exporting.coreml.view import Node


@claims("LinearRegressor", domain=ML)
def linear_regressor(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """Weights times features, plus an offset.  x: [1, C] -> [1, 1].

    Core ML's model has one output (source: its validator), so several targets are not a stage.
    """
    need_row(x)
    need(int(node.attr("targets", 1)) == 1, "it has several targets")
    need(node.attr("post_transform", "NONE") == "NONE", "it ends in a transform")
    weights = node.array("coefficients")
    need(weights.size == x.width, "its coefficients do not fit the columns")
    array = pipeline.array(x, "features")
    made = Feature(pipeline.fresh("linear"), Form.DOUBLE)
    message = pipeline.stage("glmRegressor", [array], [made])
    message.weights.add(value=weights.tolist())
    message.offset.append(float(node.array("intercepts").sum()))
    return Vector((made,), (1, 1))


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear classifier as Core ML writes it: rows of weights, and how they become classes."""

    weights: np.ndarray
    offset: np.ndarray
    one_vs_rest: bool

    def fill(self, message: Any) -> None:
        """Write it into a `GLMClassifier` message."""
        for row in self.weights:
            message.weights.add(value=row.tolist())
        message.offset.extend(self.offset.tolist())
        message.postEvaluationTransform = message.Logit
        message.classEncoding = message.OneVsRest if self.one_vs_rest else message.ReferenceClass


def read_linear(node: Node, width: int, *, normalized: bool, with_probabilities: bool) -> Linear:
    """A `LinearClassifier` of `width` columns.

    `normalized` says that the graph divides the probabilities by their sum. With softmax the first
    class is taken for reference: the softmax of scores is that of their differences to the first.
    """
    classes = len(node.attr("classlabels_strings") or node.attr("classlabels_ints") or ())
    weights = node.array("coefficients").reshape(-1, width)
    offset = node.array("intercepts")
    rows = len(weights)
    need(offset.size in (0, rows) and rows in (1, classes), "its coefficients do not fit")
    offset = offset if offset.size else np.zeros(rows)
    transform = node.attr("post_transform", "NONE")
    if rows == 1:
        need(classes == 2 and transform == "LOGISTIC", "one score without a sigmoid")
        return Linear(weights, offset, one_vs_rest=False)
    if classes == 2 and transform == "LOGISTIC" and _opposite(weights, offset):
        return Linear(weights[1:], offset[1:], one_vs_rest=False)
    if transform == "LOGISTIC":
        need(normalized, "a sigmoid for each class")
        need(classes > 2, "two classes with a row each")  # Core ML has one row for two
        return Linear(weights, offset, one_vs_rest=True)
    need(transform == "SOFTMAX" or not with_probabilities, f"it ends in {transform}")
    return Linear(weights[1:] - weights[0], offset[1:] - offset[0], one_vs_rest=False)


def _opposite(weights: np.ndarray, offset: np.ndarray) -> bool:
    return bool((weights[0] == -weights[1]).all() and offset[0] == -offset[1])
