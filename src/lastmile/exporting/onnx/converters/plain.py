"""Estimators that are a constant, a curve, or the nearest centre."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("DummyRegressor")
def constant(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The same numbers for every row."""
    return Answer(value=_everywhere(writer, parts, np.ravel(estimator.constant_)))


@converts("DummyClassifier")
def prior(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The same class and probabilities for every row; one answer for each label."""
    strategy = estimator._strategy
    if strategy in ("stratified", "uniform"):
        raise writer.refusal(
            f"the strategy {strategy!r} draws its answers at random", "use strategy='prior'"
        )
    several = estimator.n_outputs_ > 1
    classes = estimator.classes_ if several else [estimator.classes_]
    priors = estimator.class_prior_ if several else [estimator.class_prior_]
    given = np.ravel(estimator.constant) if strategy == "constant" else [None] * len(classes)
    answers = tuple(
        _certain(writer, parts, one, np.asarray(shares), value, strategy)
        for one, shares, value in zip(classes, priors, given, strict=True)
    )
    return Answer(targets=answers) if several else answers[0]


def _certain(
    writer: Writer, parts: Parts, classes: Any, shares: np.ndarray, value: Any, strategy: str
) -> Answer:
    at = int(shares.argmax()) if value is None else int(np.flatnonzero(classes == value)[0])
    chosen = _everywhere(writer, parts, np.eye(len(classes))[at])
    spread = strategy == "prior"
    return Answer(
        index=writer("ArgMax", chosen, axis=1, keepdims=0),
        classes=plain_classes(classes),
        probabilities=_everywhere(writer, parts, shares) if spread else chosen,
    )


def _everywhere(writer: Writer, parts: Parts, values: np.ndarray) -> str:
    """The numbers [K] in each row, [N, K] f32; nothing of the row itself is left, not even NaN."""
    part = next(part for part in parts if part.name)
    first = writer("Gather", part.name, np.array([0]), axis=1)
    if part.kind is Kind.STRING:
        flag = writer("Equal", first, np.array([""], dtype=object))
    else:
        flag = writer("IsNaN", writer("Cast", first, to=onnx.TensorProto.FLOAT))
    none = writer("Where", flag, np.float32(0), np.float32(0))
    return writer("Add", none, values[None].astype(np.float64))


@converts("IsotonicRegression")
def curve(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Straight lines between known points; outside of them NaN, or the last value.

    The sum of what each line adds. Where scikit-learn would raise outside, the value is NaN.
    """
    ends = np.asarray(estimator.X_thresholds_, dtype=np.float64)
    heights = np.asarray(estimator.y_thresholds_, dtype=np.float64)
    if len(heights) == 1:
        value = _everywhere(writer, parts, heights)
        return Answer(value=value, features=made(value, 1))
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    widths, rises = np.diff(ends), np.diff(heights)
    into = floats("Max", floats("Sub", x, ends[None, :-1]), np.zeros((1, 1)))
    shares = floats("Div", floats("Min", into, widths[None]), widths[None])
    height = floats("Add", floats("MatMul", shares, rises[:, None]), heights[:1])
    if estimator.out_of_bounds != "clip":
        outside = writer("Or", floats("Less", x, ends[:1]), floats("Greater", x, ends[-1:]))
        height = floats("Where", outside, np.array([np.nan]), height)
    value = floats.give(height)
    return Answer(value=value, features=made(value, 1))


@converts("NearestCentroid")
def nearest(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The class of the nearest centre; probabilities by distances in units of the spread.

    Where the classes are not equally likely beforehand, the class of the largest probability.
    """
    classes = plain_classes(estimator.classes_)
    shares, scores = _likely(writer, estimator, parts)
    index = writer("ArgMax", shares or scores, axis=1, keepdims=0)
    if np.isclose(estimator.class_prior_, 1 / len(classes)).all():
        floats = Floats(writer, wide=needs_wide(estimator.metric))
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
