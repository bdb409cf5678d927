"""Networks: layers of weighted sums."""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.linear import made, product
from lastmile.exporting.onnx.converters.scores import argmax, two_columns
from lastmile.exporting.onnx.middles import centred
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts

_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "exp": "Exp"}


@converts("MLPRegressor")
def regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """What the last layer says."""
    return Answer(value=_activated(writer, _layers(writer, estimator, parts), estimator))


@converts("MLPClassifier")
def classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Probabilities from the last layer: of each class, of the second, or of each label."""
    last = _layers(writer, estimator, parts)
    shares = _activated(writer, last, estimator)
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


def _layers(writer: Writer, estimator: Any, parts: Parts) -> str:
    """The sums of the last layer, before its own activation."""
    x, centre = centred(writer, parts)
    hidden = _ACTIVATIONS.get(estimator.activation, "")
    for number, (weights, bias) in enumerate(
        zip(estimator.coefs_, estimator.intercepts_, strict=True)
    ):
        if number and hidden:
            x = writer(hidden, x)
        x = product(writer, x, weights, bias if number else bias + centre @ weights)
    return x


def _activated(writer: Writer, x: str, estimator: Any) -> str:
    name = estimator.out_activation_
    if name == "softmax":
        return writer("Softmax", x, axis=1)
    return writer(_ACTIVATIONS[name], x) if name in _ACTIVATIONS else x


@converts("BernoulliRBM")
def machine(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The probabilities of the hidden units."""
    x, centre = centred(writer, parts)
    weights = np.asarray(estimator.components_, dtype=np.float64).T
    sums = product(writer, x, weights, estimator.intercept_hidden_ + centre @ weights)
    return Answer(features=made(writer("Sigmoid", sums), len(estimator.components_)))
