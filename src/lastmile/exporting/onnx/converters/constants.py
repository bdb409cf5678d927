"""Estimators that answer the same to every row."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.nodes import Part, Parts
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("DummyRegressor")
def regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The constant that was learned, for each target."""
    return Answer(value=repeated(writer, parts, np.ravel(estimator.constant_)))


@converts("DummyClassifier")
def classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The most frequent class, or the one that was given."""
    if estimator.strategy in ("stratified", "uniform"):
        raise writer.refusal(f"strategy={estimator.strategy!r} draws at random", "use 'prior'")
    several = estimator.n_outputs_ > 1
    classes = estimator.classes_ if several else [estimator.classes_]
    priors = estimator.class_prior_ if several else [estimator.class_prior_]
    fixed = estimator.strategy == "constant"
    given = np.ravel(estimator.constant) if fixed else [None] * len(classes)
    answers = [
        _certain(writer, parts, estimator.strategy, np.asarray(own), prior, value)
        for own, prior, value in zip(classes, priors, given, strict=True)
    ]
    return Answer(targets=tuple(answers)) if several else answers[0]


def _certain(
    writer: Writer, parts: Parts, strategy: str, classes: np.ndarray, prior: Any, value: Any
) -> Answer:
    """One label: its probabilities are the shares of its classes, or all is on one class."""
    shares = np.asarray(prior, dtype=np.float64)
    if strategy == "constant":
        shares = (classes == value).astype(float)
    elif strategy == "most_frequent":
        shares = (np.arange(len(shares)) == shares.argmax()).astype(float)
    every = repeated(writer, parts, shares)
    index = writer("ArgMax", every, axis=1, keepdims=0)
    return Answer(index=index, classes=plain_classes(classes), probabilities=every)


def repeated(writer: Writer, parts: Parts, values: np.ndarray) -> str:
    """The values [K] as a row for each row of the parts: [N, K] f32."""
    zero = _zero(writer, next(part for part in parts if part.name))
    return writer("Add", zero, np.asarray(values, dtype=np.float64)[None, :])


def _zero(writer: Writer, part: Part) -> str:
    """[N, 1] f32 zeros, whatever the part holds."""
    first = writer("Gather", part.name, np.array([0]), axis=1)
    if part.kind is Kind.STRING:
        same = writer("Equal", first, first)
        as_float = writer("Cast", same, to=onnx.TensorProto.FLOAT)
        return writer("Mul", as_float, np.float32(0))
    if part.kind is not Kind.FLOAT:
        return writer("Mul", writer("Cast", first, to=onnx.TensorProto.FLOAT), np.float32(0))
    return writer("Where", writer("IsNaN", first), np.float32(0), np.float32(0))
