"""Estimators that only arrange others: pipelines, columns side by side, searches."""

from dataclasses import replace
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.nodes import Part, Parts
from lastmile.exporting.onnx.sparsity import is_sparse
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature.parts import positions_of


@converts("Pipeline")
def pipeline(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each step over what the step before it makes."""
    answer = Answer(features=parts)
    given = writer.sparse
    for name, step in estimator.steps:
        if step is not None and step != "passthrough":
            answer = writer.answer(step, answer.features, name)
            writer.sparse = is_sparse(step, writer.sparse)
    writer.sparse = given
    return answer


@converts("ColumnTransformer")
def columns(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each part over its own columns; what they make stands side by side."""
    made: list[Part] = []
    weights = estimator.transformer_weights or {}
    for name, inner, _ in estimator.transformers_:
        positions = positions_of(estimator, name)
        if (isinstance(inner, str) and inner == "drop") or not positions:
            continue
        chosen = writer.pick(parts, positions)
        if not isinstance(inner, str):
            chosen = writer.answer(inner, chosen, name).features
        made += weighted(writer, chosen, weights.get(name))
    return Answer(features=tuple(made))


@converts("FeatureUnion")
def union(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """What several transformers make of the same columns, side by side."""
    made: list[Part] = []
    weights = estimator.transformer_weights or {}
    for name, inner in estimator.transformer_list:
        if isinstance(inner, str) and inner == "drop":
            continue
        chosen = parts
        if not isinstance(inner, str):
            chosen = writer.answer(inner, parts, name).features
        made += weighted(writer, chosen, weights.get(name))
    return Answer(features=tuple(made))


def weighted(writer: Writer, parts: Parts, weight: float | None) -> Parts:
    """The parts multiplied by `weight`, where there is one."""
    if weight is None:
        return parts
    return tuple(
        replace(
            part,
            name=writer("Mul", writer.floats(part), np.float32(weight)),
            origins=tuple(None for _ in range(part.width)),
        )
        for part in parts
    )


@converts("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV")
def search(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The best estimator that was found."""
    return writer.answer(estimator.best_estimator_, parts, "best_estimator_")


@converts("FrozenEstimator")
def frozen(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The estimator inside."""
    return writer.answer(estimator.estimator, parts, "estimator")
