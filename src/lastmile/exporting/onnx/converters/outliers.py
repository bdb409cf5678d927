"""Outliers by their distance: from the middle of all rows, or from their neighbours."""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.distances import quadratic_factor
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.converters.neighbors import chosen, compared
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


@converts("EllipticEnvelope")
def envelope(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """How far inside of the ellipse a row lies, as the square of its Mahalanobis distance.

    Where the contamination picks one training row, that row lies on the ellipse but for rounding,
    and scikit-learn's own rounding decides about it; here it is inside.
    """
    floats = Floats(writer, wide=True)
    centre = np.asarray(estimator.location_, dtype=np.float64)
    factor = quadratic_factor(np.asarray(estimator.get_precision(), dtype=np.float64))
    turned = floats("MatMul", floats.less(floats.rows(parts), centre), factor)
    square = floats.total(turned, keep=True, by="ReduceSumSquare")
    score = floats("Sub", np.array([-float(estimator.offset_)]), square)
    on_it = floats("Add", score, np.array([_ROUNDING * abs(float(estimator.offset_))]))
    return Answer(label=usual_or_not(floats, on_it), score=floats.give(score))


_ROUNDING = 1e-11
"""What sums of squares are off by, measured by their size: up to 4e-13 was seen, and it differs
from one linear algebra library to another."""


@converts("LocalOutlierFactor")
def local_outlier_factor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """How much less dense it is around a row than around its neighbours.

    Raises:
        NotExportable: it was not fitted for new rows.
    """
    if not estimator.novelty:
        raise writer.refusal("it was not fitted for new rows", "set novelty=True")
    training = compared(writer, estimator, parts)
    count = int(estimator.n_neighbors_)
    near = chosen(training, count)
    floats = training.floats
    reach = floats("Gather", estimator._distances_fit_X_[:, count - 1], near.places, axis=0)
    far = floats.total(floats("Max", near.apart, reach), keep=True, by="ReduceMean")
    dense = floats("Gather", np.asarray(estimator._lrd), near.places, axis=0)
    ratio = floats(
        "Mul",
        floats.total(dense, keep=True, by="ReduceMean"),
        floats("Add", far, np.array([1e-10])),
    )
    score = floats("Sub", np.array([-float(estimator.offset_)]), ratio)
    return Answer(label=usual_or_not(floats, score), score=floats.give(score))


def usual_or_not(floats: Floats, score: str) -> str:
    """1 where the score [N, 1] is not negative, else -1: [N] i64."""
    usual = floats("GreaterOrEqual", floats("Reshape", score, np.array([-1])), np.array([0.0]))
    return floats("Where", usual, np.array([1]), np.array([-1]))
