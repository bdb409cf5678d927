"""Neighbours: rows are compared with every row that the estimator was fitted on.

Where several training rows are equally far and not all of them can be among the k nearest, the
first ones in the order of the training rows are taken; scikit-learn's search trees take whichever
their traversal finds first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.distances import distances
from lastmile.exporting.onnx.converters.floats import Floats, dense, made, slack_of
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


@dataclass(frozen=True, slots=True)
class Training:
    """The rows of a fit [n, C] f64, and how far the rows asked are from each: [N, n] f64.

    A row that is a training row but for rounding is at no distance from it. `square` [N, n] are
    the squared distances where the metric is Euclidean. `gaps` tells that some may be unknown: NaN.
    """

    floats: Floats
    points: np.ndarray
    apart: str
    square: str = ""
    gaps: bool = False

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.points)


def compared(writer: Writer, estimator: Any, parts: Parts) -> Training:
    """The distances between the rows asked and those that `estimator` was fitted on.

    Raises:
        NotExportable: its metric is no formula.
    """
    metric = estimator.effective_metric_
    params = dict(estimator.effective_metric_params_ or {})
    points = dense(estimator._fit_X)
    slack = slack_of(parts, wide=True)
    if metric == "hamming":
        params["slack"] = slack
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    if metric in ("euclidean", "l2"):
        square = distances(floats, x, points, "sqeuclidean", {})
        return Training(
            floats, points, _snapped(floats, floats("Sqrt", square), points, slack), square
        )
    apart = distances(floats, x, points, metric, params)
    gaps = metric == "nan_euclidean"
    return Training(floats, points, _snapped(floats, apart, points, slack), gaps=gaps)


def _snapped(floats: Floats, apart: str, points: np.ndarray, slack: float) -> str:
    """The distances, 0 where they are no larger than rounding makes them."""
    if not slack:
        return apart
    limit = slack * np.maximum(1.0, np.nansum(np.abs(points), axis=1))
    return floats("Where", floats("LessOrEqual", apart, limit), np.array([0.0]), apart)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The k nearest training rows: distances [N, k] f64 and positions [N, k], nearest first."""

    apart: str
    places: str


def chosen(training: Training, count: int) -> Chosen:
    """The `count` nearest training rows; the first of equally near ones.

    Where nothing is known of a distance its training row comes last, in NumPy's order.
    """
    floats = training.floats
    if not training.gaps:
        return Chosen(*_smallest(floats, training.apart, count))
    unknown = floats("IsNaN", training.apart)
    last = np.full(training.count, _LAST)
    last[np.argpartition(np.full(training.count, np.nan), count - 1)[:count]] /= 2
    apart, places = _smallest(floats, floats("Where", unknown, last, training.apart), count)
    far = floats("Greater", apart, np.array([_LAST / 4]))
    return Chosen(floats("Where", far, np.array([np.nan]), apart), places)


_LAST = 1e38
"""Further away than any row that a distance is known of."""


def _smallest(floats: Floats, apart: str, count: int) -> tuple[str, str]:
    near, places = floats.writer.several(
        "TopK", apart, np.array([count]), outputs=2, axis=1, largest=0, sorted=1
    )
    return near, places


def weighing(writer: Writer, estimator: Any) -> bool:
    """Whether near rows weigh more.

    Raises:
        NotExportable: by a function of the caller's.
    """
    if callable(estimator.weights):
        raise writer.refusal("its weights are a function", "use weights='distance' or 'uniform'")
    return bool(estimator.weights == "distance")


def weights_of(floats: Floats, apart: str, among: str = "") -> str:
    """One over each distance; where a row lies on training rows, 1 for those and else 0.

    `among`, where given, tells which of the training rows count at all.
    """
    on = floats("Equal", apart, np.array([0.0]))
    if among:
        on = floats("And", on, among)
    any_on = floats("Greater", floats.total(floats.flags(on), keep=True), np.array([0.5]))
    shares = floats("Div", np.array([1.0]), floats("Where", on, np.array([1.0]), apart))
    weights = floats("Where", any_on, floats.flags(on), shares)
    return floats("Mul", weights, floats.flags(among)) if among else weights


def nearest_mean(writer: Writer, estimator: Any, parts: Parts) -> Callable[[np.ndarray], str]:
    """How to average something that is known of each training row over the k nearest ones.

    The function takes what is known [n, K] f64 and returns the name of the averages [N, K] f64.
    """
    training = compared(writer, estimator, parts)
    near = chosen(training, estimator.n_neighbors)
    floats = training.floats
    shares = ""
    if weighing(writer, estimator):
        weights = weights_of(floats, near.apart)
        shares = floats("Div", weights, floats.total(weights, keep=True))
        shares = floats("Unsqueeze", shares, np.array([2]))

    def mean(known: np.ndarray) -> str:
        values = floats("Gather", known, near.places, axis=0)
        if not shares:
            return floats.total(values, by="ReduceMean")
        return floats.total(floats("Mul", values, shares))

    return mean


def one_hot(codes: np.ndarray, count: int) -> np.ndarray:
    """Class positions [n] as a table [n, count] of 0 and 1."""
    return np.asarray(np.eye(count)[codes])


def _targets(estimator: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Classes and class positions [n] of each label."""
    if not estimator.outputs_2d_:
        return [(estimator.classes_, np.ravel(estimator._y))]
    return [(classes, estimator._y[:, at]) for at, classes in enumerate(estimator.classes_)]


def _each_target(estimator: Any, answer: Callable[[np.ndarray, np.ndarray, int], Answer]) -> Answer:
    answers = [
        answer(classes, codes, at) for at, (classes, codes) in enumerate(_targets(estimator))
    ]
    return Answer(targets=tuple(answers)) if estimator.outputs_2d_ else answers[0]


@converts("KNeighborsClassifier")
def classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The share of each class among the nearest rows."""
    mean = nearest_mean(writer, estimator, parts)

    def answer(classes: np.ndarray, codes: np.ndarray, at: int) -> Answer:
        shares = mean(one_hot(codes, len(classes)))
        index = writer("ArgMax", shares, axis=1, keepdims=0)
        shares = writer("Cast", shares, to=onnx.TensorProto.FLOAT)
        return Answer(index=index, classes=plain_classes(classes), probabilities=shares)

    return _each_target(estimator, answer)


@converts("KNeighborsRegressor")
def regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean over the nearest rows."""
    known = dense(estimator._y).reshape(len(estimator._y), -1)
    mean = nearest_mean(writer, estimator, parts)(known)
    return Answer(value=writer("Cast", mean, to=onnx.TensorProto.FLOAT))


# --- all rows within a radius ----------------------------------------------------------------


def within(writer: Writer, estimator: Any, parts: Parts) -> tuple[Training, str]:
    """The training rows, and which of them lie within the radius: [N, n] bool."""
    training = compared(writer, estimator, parts)
    radius = np.array([float(estimator.radius)])
    if estimator.effective_metric_ == "haversine":  # beyond half a turn it wraps around
        radius = 2 * np.arcsin(np.abs(np.sin(radius / 2)))
    if training.square:
        return training, training.floats("LessOrEqual", training.square, radius**2)
    return training, training.floats("LessOrEqual", training.apart, radius)


def _weights_within(writer: Writer, estimator: Any, parts: Parts) -> tuple[Floats, str]:
    """The weight of each training row, 0 outside of the radius: [N, n]."""
    training, inside = within(writer, estimator, parts)
    floats = training.floats
    if not weighing(writer, estimator):
        return floats, floats.flags(inside)
    return floats, weights_of(floats, training.apart, inside)


@converts("RadiusNeighborsRegressor")
def radius_regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean over all rows within the radius; NaN where there is none."""
    floats, weights = _weights_within(writer, estimator, parts)
    known = dense(estimator._y).reshape(len(estimator._y), -1)
    total = floats.total(weights, keep=True)
    mean = floats("Div", floats("MatMul", weights, known), total)
    return Answer(value=floats.give(mean))


@converts("RadiusNeighborsClassifier")
def radius_classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The share of each class among all rows within the radius.

    A row without neighbours is the outlier label; where none was given scikit-learn refuses such a
    row, and its probabilities here are NaN.
    """
    floats, weights = _weights_within(writer, estimator, parts)
    total = floats.total(weights, keep=True)
    alone = floats("Equal", total, np.array([0.0]))

    def answer(classes: np.ndarray, codes: np.ndarray, at: int) -> Answer:
        votes = floats("MatMul", weights, one_hot(codes, len(classes)))
        shares = floats("Div", votes, total)
        outlier = None if estimator.outlier_label_ is None else estimator.outlier_label_[at]
        if outlier is not None:
            fallback = (classes == outlier).astype(np.float64)[None]
            shares = floats("Where", alone, fallback, shares)
        return _radius_answer(floats, shares, alone, classes, outlier)

    return _each_target(estimator, answer)


def _radius_answer(
    floats: Floats, shares: str, alone: str, classes: np.ndarray, outlier: Any
) -> Answer:
    writer, plain = floats.writer, plain_classes(classes)
    index = writer("ArgMax", shares, axis=1, keepdims=0)
    if outlier is None or outlier in classes:
        return Answer(index=index, classes=plain, probabilities=floats.give(shares))
    texts = isinstance(plain[0], str)
    kind = object if texts else np.int64
    usual = writer("Gather", np.array(plain, dtype=kind), index, axis=0)
    flat = writer("Reshape", alone, np.array([-1]))
    label = writer("Where", flat, np.array([str(outlier) if texts else int(outlier)], kind), usual)
    return Answer(label=label, classes=plain, probabilities=floats.give(shares))


# --- tables of distances ---------------------------------------------------------------------


@converts("KNeighborsTransformer")
def neighbor_table(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A column for each training row: its distance, or 1, where it is among the nearest; else 0."""
    training = compared(writer, estimator, parts)
    by_distance = estimator.mode == "distance"
    near = chosen(training, estimator.n_neighbors + by_distance)
    floats = training.floats
    spread = floats("Unsqueeze", near.places, np.array([2]))
    there = floats.flags(floats("Equal", spread, np.arange(training.count)))
    table = floats.total(there)
    if by_distance:
        table = floats("Mul", table, training.apart)
    return Answer(features=made(floats.give(table), training.count))


@converts("RadiusNeighborsTransformer")
def radius_table(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A column for each training row: its distance, or 1, where it is within the radius; else 0."""
    training, inside = within(writer, estimator, parts)
    floats = training.floats
    table = floats.flags(inside)
    if estimator.mode == "distance":
        table = floats("Where", inside, training.apart, np.array([0.0]))
    return Answer(features=made(floats.give(table), training.count))
