"""The class whose centre is nearest.

Source: scikit-learn's `neighbors/_nearest_centroid.py`.
"""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.distances import distances
from lastmile.exporting.onnx.converters.floats import Floats, dense
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


@converts("NearestCentroid")
def nearest(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The class of the nearest centre; probabilities by distances in units of the spread.

    Where the classes are not equally likely beforehand, the class of the largest probability.
    """
    classes = plain_classes(estimator.classes_)
    shares, scores = _likely(writer, estimator, parts)
    index = writer("ArgMax", shares or scores, axis=1, keepdims=0)
    if np.isclose(estimator.class_prior_, 1 / len(classes)).all():
        floats = Floats(writer, wide=True)
        x = floats.rows(parts)
        apart = distances(floats, x, dense(estimator.centroids_), estimator.metric, {})
        index = writer("ArgMin", apart, axis=1, keepdims=0)
    if len(classes) == 2:
        first, last = (writer("Gather", scores, np.array([at]), axis=1) for at in (0, 1))
        scores = writer("Sub", last, first)
    euclidean = bool(shares)
    return Answer(
        index=index,
        classes=classes,
        probabilities=shares,
        score=scores if euclidean else "",
    )


def _likely(writer: Writer, estimator: Any, parts: Parts) -> tuple[str, str]:
    """Probabilities (with the metric `euclidean` only) and the scores that they are made of."""
    floats = Floats(writer, wide=True)
    spread = np.asarray(estimator.within_class_std_dev_, dtype=np.float64)
    unit = np.where(spread == 0, 1.0, spread)
    x = floats("Div", floats.rows(parts), unit)
    apart = distances(floats, x, dense(estimator.centroids_) / unit, estimator.metric, {})
    beforehand = 2 * np.log(np.asarray(estimator.class_prior_, dtype=np.float64))
    scores = floats("Sub", beforehand, floats("Mul", apart, apart))
    if estimator.metric != "euclidean":
        return "", floats.give(scores)
    return floats.give(floats("Softmax", scores, axis=1)), floats.give(scores)
