"""Classifiers whose scores are weighted sums of the columns."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.linear import made, product
from lastmile.exporting.onnx.converters.scores import (
    index_of_score,
    normalized,
    sigmoid_shares,
    softmax,
    two_columns,
)
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.precise import less
from lastmile.exporting.onnx.writer import Writer, converts


@converts("LogisticRegression", "LogisticRegressionCV")
def logistic(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Two classes: the logistic function of the score; more: the softmax of the scores."""
    kind = "LOGISTIC" if len(estimator.classes_) == 2 else "SOFTMAX"
    return _classifier(writer, estimator, parts, shares=kind)


@converts("LinearSVC", "Perceptron", "PassiveAggressiveClassifier")
def hinge(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The class of the largest score."""
    return _classifier(writer, estimator, parts)


@converts("RidgeClassifier", "RidgeClassifierCV")
def ridge(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The class of the largest score; with several labels each holds where its score is positive."""
    if not estimator._label_binarizer.y_type_.startswith("multilabel"):
        return _classifier(writer, estimator, parts)
    scores = _scores(writer, estimator, parts)
    targets = []
    for column in range(len(estimator.classes_)):
        score = writer("Gather", scores, np.array([column]), axis=1)
        targets.append(Answer(index=index_of_score(writer, score, 2), classes=(0, 1)))
    return Answer(targets=tuple(targets), score=scores)


@converts("SGDClassifier")
def descent(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Probabilities as `log_loss` and `modified_huber` define them; the other losses have none."""
    answer = _classifier(writer, estimator, parts)
    if estimator.loss == "log_loss":
        return _with(answer, sigmoid_shares(writer, answer.score, len(answer.classes)))
    if estimator.loss == "modified_huber":
        clipped = writer("Clip", answer.score, np.float32(-1), np.float32(1))
        share = writer("Mul", writer("Add", clipped, np.float32(1)), np.float32(0.5))
        two = len(answer.classes) == 2
        return _with(answer, two_columns(writer, share) if two else normalized(writer, share))
    return answer


@converts("LinearDiscriminantAnalysis")
def discriminant(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The logistic function or softmax of the scores; as a transformer the projected columns."""
    two = len(estimator.classes_) == 2
    centre = _centre(estimator)
    rows = less(writer, writer.matrix(parts), centre)
    offset = estimator.intercept_ + estimator.coef_ @ centre
    score = product(writer, rows, estimator.coef_.T, offset)
    shares = sigmoid_shares(writer, score, 2) if two else softmax(writer, score)
    index = index_of_score(writer, score, len(estimator.classes_))
    features: Parts = ()
    if hasattr(estimator, "scalings_"):
        matrix = estimator.scalings_[:, : estimator._max_components]
        moved = centre - estimator.xbar_ if estimator.solver == "svd" else centre
        features = made(product(writer, rows, matrix, moved @ matrix), matrix.shape[1])
    return Answer(
        index=index,
        classes=plain_classes(estimator.classes_),
        probabilities=shares,
        score=score,
        features=features,
    )


def _centre(estimator: Any) -> np.ndarray:
    """A point amid the classes: weighted sums of differences from it lose no digits."""
    return np.asarray(estimator.means_, dtype=np.float64).mean(axis=0)


def _scores(writer: Writer, estimator: Any, parts: Parts) -> str:
    return product(
        writer, writer.matrix(parts), np.atleast_2d(estimator.coef_).T, estimator.intercept_
    )


def _classifier(writer: Writer, estimator: Any, parts: Parts, shares: str = "NONE") -> Answer:
    """`LinearClassifier` gives label and probabilities; the score is written beside it."""
    coefficients = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    intercepts = np.broadcast_to(np.ravel(estimator.intercept_), coefficients.shape[:1])
    score = _scores(writer, estimator, parts)
    classes = plain_classes(estimator.classes_)
    if len(coefficients) == 1:
        coefficients = np.vstack([-coefficients, coefficients])
        intercepts = np.hstack([-intercepts, intercepts])
    texts = isinstance(classes[0], str)
    label, values = writer.several(
        "LinearClassifier",
        writer.matrix(parts),
        outputs=2,
        domain="ai.onnx.ml",
        classlabels_strings=list(classes) if texts else None,
        classlabels_ints=None if texts else list(classes),
        coefficients=coefficients.astype(np.float32).ravel(),
        intercepts=intercepts.astype(np.float32),
        multi_class=0,
        post_transform=shares,
    )
    return Answer(
        label=label,
        index=index_of_score(writer, score, len(classes)),
        classes=classes,
        probabilities="" if shares == "NONE" else values,
        score=score,
    )


def _with(answer: Answer, shares: str) -> Answer:
    return Answer(
        index=answer.index, classes=answer.classes, probabilities=shares, score=answer.score
    )


def as_floats(writer: Writer, x: str) -> str:
    """Whole numbers or truth values as f32."""
    return writer("Cast", x, to=onnx.TensorProto.FLOAT)
