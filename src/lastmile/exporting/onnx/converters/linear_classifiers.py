"""Classifiers whose scores are weighted sums of the columns."""

from dataclasses import replace
from typing import Any

import numpy as np

from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.floats import dense
from lastmile.exporting.onnx.converters.linear import Weights, made, product, weighed, weights_of
from lastmile.exporting.onnx.converters.scores import (
    argmax,
    index_of_score,
    normalized,
    sigmoid_shares,
    softmax,
    usual_or_not,
)
from lastmile.exporting.onnx.nodes import Parts, width_of
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
    """The class of the largest score; several labels each hold where their score is positive."""
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
    """Probabilities as `log_loss` and `modified_huber` define them; the other losses have none.

    With more than two classes the largest score decides, as several probabilities may be 1.
    """
    two = len(estimator.classes_) == 2
    if estimator.loss == "log_loss" and two:
        return _classifier(writer, estimator, parts, shares="LOGISTIC")
    answer = _classifier(writer, estimator, parts)
    if estimator.loss == "log_loss":
        shares = sigmoid_shares(writer, answer.score, len(answer.classes))
    elif estimator.loss == "modified_huber":
        shares = _clipped(writer, answer.score, two=two)
    else:
        return answer
    index = argmax(writer, shares if two else answer.score)
    return replace(answer, label="", index=index, probabilities=shares)


def _clipped(writer: Writer, score: str, *, two: bool) -> str:
    """(clip(s, -1, 1) + 1) / 2 of both signs, or of each class, divided by their sum."""
    if two:
        score = writer("Concat", writer("Neg", score), score, axis=1)
    clipped = writer("Clip", score, np.float32(-1), np.float32(1))
    shares = writer("Mul", writer("Add", clipped, np.float32(1)), np.float32(0.5))
    return shares if two else normalized(writer, shares)


@converts("SGDOneClassSVM")
def one_class(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A usual row where the score is not negative."""
    offset = -np.ravel(estimator.offset_).astype(np.float64)
    x, weights = weighed(writer, parts, Weights(dense(estimator.coef_).reshape(1, -1), offset))
    score = product(writer, x, weights.coefficients.T, weights.offset)
    return Answer(label=usual_or_not(writer, score, "GreaterOrEqual"), score=score)


@converts("LinearDiscriminantAnalysis")
def discriminant(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The logistic function or softmax of the scores; as a transformer the projected columns."""
    two = len(estimator.classes_) == 2
    centre = _centre(estimator)
    rows = less(writer, writer.matrix(parts), centre)
    offset = estimator.intercept_ + estimator.coef_ @ centre
    score = product(writer, rows, estimator.coef_.T, offset)
    if two:
        shares = sigmoid_shares(writer, score, 2)
    else:  # what all classes have in common is large and makes no difference
        apart = estimator.coef_ - estimator.coef_.mean(axis=0)
        shares = softmax(writer, product(writer, rows, apart.T, offset - offset.mean()))
    features: Parts = ()
    if hasattr(estimator, "scalings_"):
        matrix = estimator.scalings_[:, : estimator._max_components]
        moved = centre - estimator.xbar_ if estimator.solver == "svd" else centre
        features = made(product(writer, rows, matrix, moved @ matrix), matrix.shape[1])
    return Answer(
        index=argmax(writer, shares),
        classes=plain_classes(estimator.classes_),
        probabilities=shares,
        score=score,
        features=features,
    )


def _centre(estimator: Any) -> np.ndarray:
    """A point amid the classes: weighted sums of differences from it lose no digits."""
    return np.asarray(np.mean(estimator.means_, axis=0), dtype=np.float64)


def _scores(writer: Writer, estimator: Any, parts: Parts) -> str:
    """What `decision_function` says, [N, 1] or [N, K]."""
    x, weights = weighed(writer, parts, weights_of(estimator, width_of(parts)))
    return product(writer, x, weights.coefficients.T, weights.offset)


def _classifier(writer: Writer, estimator: Any, parts: Parts, shares: str = "NONE") -> Answer:
    """`LinearClassifier` gives label and probabilities; the score is written beside it.

    Two classes have one row of weights in scikit-learn, and two opposite ones in ONNX.
    """
    x, weights = weighed(writer, parts, weights_of(estimator, width_of(parts)))
    score = product(writer, x, weights.coefficients.T, weights.offset)
    classes = plain_classes(estimator.classes_)
    sides = np.array([[-1.0], [1.0]] if len(weights.coefficients) == 1 else [[1.0]])
    texts = isinstance(classes[0], str)
    label, values = writer.several(
        "LinearClassifier",
        x,
        outputs=2,
        domain=ML,
        classlabels_strings=list(classes) if texts else None,
        classlabels_ints=None if texts else list(classes),
        coefficients=(sides * weights.coefficients).astype(np.float32).ravel(),
        intercepts=(sides[:, 0] * weights.offset).astype(np.float32),
        multi_class=0,
        post_transform=shares,
    )
    decided = score if shares == "NONE" else values
    return Answer(
        label=label,
        index=index_of_score(writer, decided, len(classes) if shares == "NONE" else 3),
        classes=classes,
        probabilities="" if shares == "NONE" else values,
        score=score,
    )
