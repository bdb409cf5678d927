"""Several targets, one after the other or side by side, and targets that were transformed."""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.linear import made
from lastmile.exporting.onnx.converters.members import columns_of
from lastmile.exporting.onnx.converters.scores import index_in
from lastmile.exporting.onnx.nodes import Part, Parts
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("MultiOutputClassifier")
def classifiers(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """One classifier for each label."""
    return Answer(targets=tuple(_each(writer, estimator, parts)))


@converts("MultiOutputRegressor")
def regressors(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """One regressor for each target."""
    values = [answer.value for answer in _each(writer, estimator, parts)]
    return Answer(value=writer("Concat", *values, axis=1))


def _each(writer: Writer, estimator: Any, parts: Parts) -> list[Answer]:
    return [
        writer.answer(member, parts, f"estimators_[{number}]")
        for number, member in enumerate(estimator.estimators_)
    ]


@converts("RegressorChain", "ClassifierChain")
def chain(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each member also sees what those before it say."""
    method = getattr(estimator, "chain_method_", "predict")
    said: list[Part] = []
    found: dict[int, Answer] = {}
    for place, member in zip(estimator.order_, estimator.estimators_, strict=True):
        name = f"estimators_[{len(said)}]"
        answer = found[int(place)] = writer.answer(member, (*parts, *said), name)
        said.append(_said(writer, answer, method))
    answers = [found[place] for place in sorted(found)]
    if answers[0].value:
        return Answer(value=writer("Concat", *(answer.value for answer in answers), axis=1))
    return Answer(targets=tuple(answers))


def _said(writer: Writer, answer: Answer, method: str) -> Part:
    if method == "predict_proba":
        return made(columns_of(writer, answer.probabilities, [1])[0], 1)[0]
    if method == "decision_function":
        return made(answer.score, 1)[0]
    if answer.value:
        return made(answer.value, 1)[0]
    labels = np.array(answer.classes, dtype=np.float32)
    one = writer("Gather", labels, index_in(writer, answer), axis=0)
    return Part(writer("Unsqueeze", one, np.array([1])), Kind.FLOAT)


_INVERSES = {
    "exp": "Exp",
    "sqrt": "Sqrt",
    "absolute": "Abs",
    "negative": "Neg",
    "reciprocal": "Reciprocal",
    "log": "Log",
}


@converts("TransformedTargetRegressor")
def transformed(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The inverse of the transformation, over what the regressor predicts."""
    value = writer.answer(estimator.regressor_, parts, "regressor_").value
    return Answer(value=inverted(writer, estimator.transformer_, value))


def inverted(writer: Writer, transformer: Any, value: str) -> str:
    """`inverse_transform` of values [N, T]."""
    kind = type(transformer).__name__
    if kind == "FunctionTransformer":
        return _inverted_function(writer, transformer.inverse_func, value)
    if kind == "Pipeline":
        for _, step in reversed(transformer.steps):
            value = inverted(writer, step, value)
        return value
    line = _LINES.get(kind)
    if line is None:
        raise writer.refusal(
            f"the inverse of {kind} is not known",
            "use func=np.log1p with inverse_func=np.expm1, or a scaler",
        )
    scale, offset = line(transformer)
    return writer("Add", writer("Mul", value, scale), offset)


def _standard(t: Any) -> tuple[np.ndarray, np.ndarray]:
    one = np.ones(t.n_features_in_)
    return (
        t.scale_ if t.scale_ is not None else one,
        t.mean_ if t.with_mean and t.mean_ is not None else 0 * one,
    )


def _robust(t: Any) -> tuple[np.ndarray, np.ndarray]:
    one = np.ones(t.n_features_in_)
    return t.scale_ if t.with_scaling else one, t.center_ if t.with_centering else 0 * one


_LINES: dict[str, Any] = {
    "StandardScaler": _standard,
    "RobustScaler": _robust,
    "MinMaxScaler": lambda t: (1 / t.scale_, -t.min_ / t.scale_),
    "MaxAbsScaler": lambda t: (t.scale_, np.zeros_like(t.scale_)),
}
"""Scale and offset of the inverse, for transformers that are straight lines."""


def _inverted_function(writer: Writer, function: Any, value: str) -> str:
    if function is None:
        return value
    name = getattr(function, "__name__", "")
    if isinstance(function, np.ufunc) and name in _INVERSES:
        return writer(_INVERSES[name], value)
    if isinstance(function, np.ufunc) and name == "expm1":
        return writer("Sub", writer("Exp", value), np.float32(1))
    if isinstance(function, np.ufunc) and name == "square":
        return writer("Mul", value, value)
    if isinstance(function, np.ufunc) and name == "log1p":
        return writer("Log", writer("Add", value, np.float32(1)))
    from lastmile.exporting.onnx.converters.functions import traced

    (part,) = traced(writer, function, (Part(value, Kind.FLOAT, 1),), {})
    return part.name
