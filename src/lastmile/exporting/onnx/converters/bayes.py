"""Naive Bayes and Gaussian classes: log-probabilities of each class, summed over the columns.

Source: `_joint_log_likelihood` of each class in scikit-learn's `naive_bayes.py`, and
`_decision_function` in `discriminant_analysis.py`.
"""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.linear import product
from lastmile.exporting.onnx.converters.scores import argmax, softmax
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.precise import less
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("GaussianNB")
def gaussian(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each column is normal in each class."""
    x = writer("Unsqueeze", writer.matrix(parts), np.array([1]))  # [N, 1, C]
    spread = np.sqrt(estimator.var_)
    apart = writer("Div", less(writer, x, estimator.theta_[None]), spread[None])
    squares = writer("ReduceSumSquare", apart, np.array([2]), keepdims=0)
    constant = np.log(estimator.class_prior_) - 0.5 * np.log(2 * np.pi * estimator.var_).sum(axis=1)
    return _of_logs(writer, estimator, _minus_half(writer, squares, constant))


@converts("QuadraticDiscriminantAnalysis")
def quadratic(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The columns are normal together in each class."""
    x = writer.matrix(parts)
    squares = []
    for mean, rotation, scaling in zip(
        estimator.means_, estimator.rotations_, estimator.scalings_, strict=True
    ):
        turned = product(writer, less(writer, x, mean), rotation * scaling**-0.5)
        squares.append(writer("ReduceSumSquare", turned, np.array([1]), keepdims=1))
    logs = np.array([np.log(scaling).sum() for scaling in estimator.scalings_])
    constant = np.log(estimator.priors_) - 0.5 * logs
    scores = _minus_half(writer, writer("Concat", *squares, axis=1), constant)
    answer = _of_logs(writer, estimator, scores)
    return Answer(
        index=answer.index,
        classes=answer.classes,
        probabilities=answer.probabilities,
        score=_last_minus_first(writer, scores) if len(answer.classes) == 2 else scores,
    )


def _last_minus_first(writer: Writer, scores: str) -> str:
    first, last = (writer("Gather", scores, np.array([at]), axis=1) for at in (0, 1))
    return writer("Sub", last, first)


@converts("BernoulliNB")
def bernoulli(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Columns hold or do not."""
    x = writer.matrix(parts)
    if estimator.binarize is not None:
        above = writer("Greater", x, np.float32(_below(estimator.binarize)))
        x = writer("Cast", above, to=onnx.TensorProto.FLOAT)
    absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    constant = estimator.class_log_prior_ + absent.sum(axis=1)
    scores = product(writer, x, (estimator.feature_log_prob_ - absent).T, constant)
    return _of_logs(writer, estimator, scores)


def _below(threshold: float) -> np.float32:
    """The largest f32 that is not above: the same 32-bit numbers are greater."""
    near = np.float32(threshold)
    return near if near <= threshold else np.nextafter(near, np.float32(-np.inf))


@converts("MultinomialNB")
def multinomial(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Columns are counts."""
    logs = estimator.feature_log_prob_.T
    return _of_logs(
        writer, estimator, product(writer, writer.matrix(parts), logs, estimator.class_log_prior_)
    )


@converts("ComplementNB")
def complement(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Columns are counts, compared with those of all other classes."""
    prior = estimator.class_log_prior_ if len(estimator.classes_) == 1 else None
    logs = estimator.feature_log_prob_.T
    return _of_logs(writer, estimator, product(writer, writer.matrix(parts), logs, prior))


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


def _minus_half(writer: Writer, squares: str, constant: np.ndarray) -> str:
    return writer("Add", writer("Mul", squares, np.float32(-0.5)), constant)


def _of_logs(writer: Writer, estimator: Any, scores: str) -> Answer:
    """The class of the largest log-probability; probabilities are their softmax."""
    return Answer(
        index=argmax(writer, scores),
        classes=plain_classes(estimator.classes_),
        probabilities=softmax(writer, scores),
    )
