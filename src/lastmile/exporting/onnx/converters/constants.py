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
    if estimator.n_outputs_ > 1:
        raise writer.refusal("it has several labels", "use one for each")
    classes = plain_classes(estimator.classes_)
    prior = np.asarray(estimator.class_prior_, dtype=np.float64)
    if estimator.strategy == "constant":
        prior = (np.asarray(estimator.classes_) == np.ravel(estimator.constant)[0]).astype(float)
    elif estimator.strategy == "most_frequent":
        prior = (np.arange(len(prior)) == prior.argmax()).astype(float)
    shares = repeated(writer, parts, prior)
    index = writer("ArgMax", shares, axis=1, keepdims=0)
    return Answer(index=index, classes=classes, probabilities=shares)


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
