"""The class whose centre is nearest.

Source: scikit-learn's `neighbors/_nearest_centroid.py`.
"""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.bayes import last_less_first
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
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    scores = _likely(floats, estimator, x)
    euclidean = estimator.metric == "euclidean"
    shares = floats.give(floats("Softmax", scores, axis=1)) if euclidean else ""
    index = writer("ArgMax", shares or scores, axis=1, keepdims=0)
    if np.isclose(estimator.class_prior_, 1 / len(classes)).all():
        apart = distances(floats, x, dense(estimator.centroids_), estimator.metric, {})
        index = writer("ArgMin", apart, axis=1, keepdims=0)
    score = last_less_first(floats, scores) if len(classes) == 2 else scores
    return Answer(
        index=index,
        classes=classes,
        probabilities=shares,
        score=floats.give(score) if euclidean else "",
    )


def _likely(floats: Floats, estimator: Any, x: str) -> str:
    """Scores of the classes [N, K], from squared distances in units of the spread."""
    spread = np.asarray(estimator.within_class_std_dev_, dtype=np.float64)
    unit = np.where(spread == 0, 1.0, spread)
    centres = dense(estimator.centroids_) / unit
    apart = distances(floats, floats("Div", x, unit), centres, estimator.metric, {})
    beforehand = 2 * np.log(np.asarray(estimator.class_prior_, dtype=np.float64))
    return floats("Sub", beforehand, floats("Mul", apart, apart))
