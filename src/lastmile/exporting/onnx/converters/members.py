"""What several estimators say together: columns picked, answers averaged."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.scores import index_in, one_hot
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer


def columns_of(writer: Writer, x: str, positions: Iterable[int]) -> list[str]:
    """Single columns [N, 1] of x [N, K]."""
    return [writer("Gather", x, np.array([at]), axis=1) for at in positions]


def mean(writer: Writer, values: Sequence[str], weights: Sequence[float] | None = None) -> str:
    """The mean, weighted if need be, of values of one shape."""
    if weights is None and len(values) == 1:
        return values[0]
    shares = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    return total(writer, values, shares / shares.sum())


def total(writer: Writer, values: Sequence[str], weights: Sequence[float]) -> str:
    """The weighted sum of values of one shape; what weighs nothing is left out."""
    terms = [
        value if weight == 1 else writer("Mul", value, np.float32(weight))
        for value, weight in zip(values, weights, strict=True)
        if weight
    ]
    if not terms:
        return writer("Mul", values[0], np.float32(0))
    return terms[0] if len(terms) == 1 else writer("Sum", *terms)


def shares_or_vote(writer: Writer, member: Any, answer: Answer, classes: int) -> str:
    """A member's probabilities [N, K]; its vote where it has none.

    Members of a bag know the classes of the whole by their positions, and perhaps not all of them.
    """
    own = [int(value) for value in answer.classes]
    if hasattr(member, "predict_proba"):
        shares = answer.probabilities
    else:
        shares = one_hot(writer, index_in(writer, answer), len(own))
    if own == list(range(classes)):
        return shares
    columns = dict(zip(own, columns_of(writer, shares, range(len(own))), strict=True))
    none = writer("Mul", next(iter(columns.values())), np.float32(0))
    return writer("Concat", *(columns.get(at, none) for at in range(classes)), axis=1)


def binary_score(writer: Writer, member: Any, parts: Parts, name: str) -> str:
    """What a member for one question says [N, 1]: its score, its second probability, its value.

    Source: `_predict_binary` of scikit-learn's `multiclass.py`.
    """
    from sklearn.base import is_regressor

    if type(member).__name__ == "_ConstantPredictor":
        zero = writer(
            "ReduceSum", writer("Mul", writer.matrix(parts), np.float32(0)), np.array([1])
        )
        return writer("Add", _defined(writer, zero), np.float32(np.ravel(member.y_)[0]))
    answer = writer.answer(member, parts, name)
    if is_regressor(member):
        return answer.value
    if hasattr(member, "decision_function"):
        if not answer.score:
            raise writer.refusal(f"{type(member).__name__} gives no score here")
        return answer.score
    return columns_of(writer, answer.probabilities, [1])[0]


def _defined(writer: Writer, x: str) -> str:
    """Zero also where x is NaN."""
    return writer("Where", writer("IsNaN", x), np.float32(0), x)
