"""Columns that are kept, and columns that are left out."""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


@converts(
    "GenericUnivariateSelect",
    "SelectFdr",
    "SelectFpr",
    "SelectFromModel",
    "SelectFwe",
    "SelectKBest",
    "SelectPercentile",
    "SequentialFeatureSelector",
    "VarianceThreshold",
)
def selected(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The columns of the support, as they are."""
    return Answer(features=_kept(writer, estimator, parts))


@converts("RFE", "RFECV")
def eliminated(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The columns that are left, and what the estimator that chose them says of them."""
    kept = _kept(writer, estimator, parts)
    answer = writer.answer(estimator.estimator_, kept, "estimator_")
    return Answer(
        features=kept,
        value=answer.value,
        index=answer.index,
        label=answer.label,
        classes=plain_classes(estimator.classes_) if answer.classes else (),
        probabilities=answer.probabilities,
        score=answer.score,
    )


def _kept(writer: Writer, estimator: Any, parts: Parts) -> Parts:
    kept = np.flatnonzero(estimator.get_support())
    if not len(kept):
        raise writer.refusal("it keeps no column", "loosen its threshold")
    return writer.pick(parts, [int(at) for at in kept])
