"""Naive Bayes and Gaussian classes: log-probabilities of each class, summed over the columns.

Source: `_joint_log_likelihood` of each class in scikit-learn's `naive_bayes.py`, and
`_decision_function` in `discriminant_analysis.py`.
"""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.converters.linear import Weights, product
from lastmile.exporting.onnx.converters.scaling import all_exceed
from lastmile.exporting.onnx.converters.scores import argmax, softmax
from lastmile.exporting.onnx.middles import centred
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("GaussianNB")
def gaussian(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each column is normal in each class."""
    floats = Floats(writer, wide=True)
    rows = floats("Unsqueeze", floats.rows(parts), np.array([1]))  # [N, 1, C]
    units = np.sqrt(np.asarray(estimator.var_, dtype=np.float64))[None]
    apart = floats("Div", floats("Sub", rows, estimator.theta_[None]), units)
    squares = floats.total(apart, axis=2, by="ReduceSumSquare")
    constant = np.log(estimator.class_prior_) - 0.5 * np.log(2 * np.pi * estimator.var_).sum(axis=1)
    return _normal(floats, estimator, squares, constant)


@converts("QuadraticDiscriminantAnalysis")
def quadratic(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The columns are normal together in each class."""
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    squares = []
    for mean, rotation, scaling in zip(
        estimator.means_, estimator.rotations_, estimator.scalings_, strict=True
    ):
        turned = floats("MatMul", floats("Sub", x, mean), rotation * scaling**-0.5)
        squares.append(floats.total(turned, keep=True, by="ReduceSumSquare"))
    logs = np.array([np.log(scaling).sum() for scaling in estimator.scalings_])
    constant = np.log(estimator.priors_) - 0.5 * logs
    return _normal(floats, estimator, floats("Concat", *squares, axis=1), constant)


def _normal(floats: Floats, estimator: Any, squares: str, constant: np.ndarray) -> Answer:
    """Classes by their log-probability, constant - squares / 2 [N, K], in 64 bits.

    Far from all classes the squares are large and nearly the same, and only their differences
    count. The score of two classes is the difference of theirs.
    """
    scores = floats("Add", floats("Mul", squares, np.array([-0.5])), constant)
    shares = floats.give(floats("Softmax", scores, axis=1))
    two = len(estimator.classes_) == 2
    return Answer(
        index=argmax(floats.writer, shares),
        classes=plain_classes(estimator.classes_),
        probabilities=shares,
        score=floats.give(last_less_first(floats, scores) if two else scores),
    )


def last_less_first(floats: Floats, scores: str) -> str:
    """How far the second of two classes is ahead, [N, 1] of scores [N, 2]."""
    first, last = (floats("Gather", scores, np.array([at]), axis=1) for at in (0, 1))
    return floats("Sub", last, first)


@converts("BernoulliNB")
def bernoulli(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Columns hold or do not."""
    level = estimator.binarize
    x = writer.matrix(parts) if level is None else all_exceed(writer, parts, float(level))
    absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    constant = estimator.class_log_prior_ + absent.sum(axis=1)
    scores = product(writer, x, (estimator.feature_log_prob_ - absent).T, constant)
    return _of_logs(writer, estimator, scores)


@converts("MultinomialNB")
def multinomial(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Columns are counts."""
    return _counted(writer, estimator, parts, estimator.class_log_prior_)


@converts("ComplementNB")
def complement(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Columns are counts, compared with those of all other classes."""
    return _counted(writer, estimator, parts, np.zeros(len(estimator.classes_)))


def _counted(writer: Writer, estimator: Any, parts: Parts, prior: np.ndarray) -> Answer:
    """Softmax of weighted sums, less what all classes have in common: large counts cancel there."""
    x, centre = centred(writer, parts)
    logs = np.asarray(estimator.feature_log_prob_, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        apart = logs - logs.mean(axis=0)
    weights = Weights(np.where(np.isfinite(logs.sum(axis=0)), apart, logs), prior).around(centre)
    scores = product(writer, x, weights.coefficients.T, weights.offset)
    return _of_logs(writer, estimator, scores)


@converts("CategoricalNB")
def categorical(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Columns are codes of categories; scikit-learn refuses codes that it does not know."""
    terms = []
    for position in range(width_of(parts)):
        (part,) = writer.pick(parts, [position])
        table = estimator.feature_log_prob_[position].T  # [codes, K]
        codes = writer("Clip", _whole(writer, part), np.int64(0), np.int64(len(table) - 1))
        terms.append(writer("Gather", table, writer("Squeeze", codes, np.array([1])), axis=0))
    total = terms[0] if len(terms) == 1 else writer("Sum", *terms)
    return _of_logs(writer, estimator, writer("Add", total, estimator.class_log_prior_))


def _whole(writer: Writer, part: Part) -> str:
    if part.kind is Kind.INT:
        return part.name
    return writer("Cast", part.name, to=onnx.TensorProto.INT64)


def _of_logs(writer: Writer, estimator: Any, scores: str) -> Answer:
    """The class of the largest log-probability; probabilities are their softmax."""
    shares = softmax(writer, scores)
    return Answer(
        index=argmax(writer, shares),
        classes=plain_classes(estimator.classes_),
        probabilities=shares,
    )
