"""Networks: layers of weighted sums."""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.converters.linear import made, product
from lastmile.exporting.onnx.converters.scores import argmax, two_columns
from lastmile.exporting.onnx.middles import centred
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts

_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "exp": "Exp"}


@converts("MLPRegressor")
def regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """What the last layer says."""
    return Answer(value=_answered(writer, estimator, parts))


@converts("MLPClassifier")
def classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Probabilities from the last layer: of each class, of the second, or of each label."""
    shares = _answered(writer, estimator, parts)
    if estimator._label_binarizer.y_type_.startswith("multilabel"):
        columns = [
            writer("Gather", shares, np.array([at]), axis=1)
            for at in range(len(estimator.classes_))
        ]
        return Answer(targets=tuple(_of_share(writer, column, (0, 1)) for column in columns))
    classes = plain_classes(estimator.classes_)
    if len(classes) == 2:
        return _of_share(writer, shares, classes)
    return Answer(index=argmax(writer, shares), classes=classes, probabilities=shares)


def _of_share(writer: Writer, share: str, classes: tuple[str | int, ...]) -> Answer:
    """The second class where its probability [N, 1] is above one half."""
    both = two_columns(writer, share)
    return Answer(index=argmax(writer, both), classes=classes, probabilities=both)


def _answered(writer: Writer, estimator: Any, parts: Parts) -> str:
    """The last layer's own activation of its sums, [N, T] f32.

    Where a column lies far from zero the hidden sums are large and cancel each other: then all is
    computed in 64 bits.
    """
    _, centre = centred(writer, parts)
    floats = Floats(writer, wide=bool(centre.any()))
    x = floats.rows(parts)
    hidden = _ACTIVATIONS.get(estimator.activation, "")
    for number, (weights, bias) in enumerate(
        zip(estimator.coefs_, estimator.intercepts_, strict=True)
    ):
        if number and hidden:
            x = floats(hidden, x)
        x = floats("Add", floats("MatMul", x, weights.astype(np.float64)), bias.astype(np.float64))
    name = estimator.out_activation_
    if name == "softmax":
        return floats.give(floats("Softmax", x, axis=1))
    return floats.give(floats(_ACTIVATIONS[name], x) if name in _ACTIVATIONS else x)


@converts("BernoulliRBM")
def machine(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The probabilities of the hidden units."""
    x, centre = centred(writer, parts)
    weights = np.asarray(estimator.components_, dtype=np.float64).T
    sums = product(writer, x, weights, estimator.intercept_hidden_ + centre @ weights)
    return Answer(features=made(writer("Sigmoid", sums), len(estimator.components_)))
