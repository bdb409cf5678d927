"""From scores to classes and probabilities."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.writer import Writer


def index_of_score(writer: Writer, score: str, classes: int) -> str:
    """The position of the class: of the largest score, or whether the only one is positive.

    score: [N, K], or [N, 1] for two classes. Equal scores fall to the first class.
    """
    if classes > 2:
        return writer("ArgMax", score, axis=1, keepdims=0)
    both = writer("Concat", writer("Neg", score), score, axis=1)
    return writer("ArgMax", both, axis=1, keepdims=0)


def argmax(writer: Writer, scores: str) -> str:
    """The position of the largest of scores [N, K], the first of equal ones."""
    return writer("ArgMax", scores, axis=1, keepdims=0)


def usual_or_not(writer: Writer, score: str, comparison: str) -> str:
    """1 where the score [N, 1] is on the right side of zero, else -1: [N] i64."""
    usual = writer(comparison, score, np.float32(0))
    return writer("Squeeze", writer("Where", usual, np.int64(1), np.int64(-1)), np.array([1]))


def two_columns(writer: Writer, share: str) -> str:
    """[1 - p, p] of p [N, 1]."""
    return writer("Concat", writer("Sub", np.float32(1), share), share, axis=1)


def softmax(writer: Writer, scores: str) -> str:
    """exp(s) / sum(exp(s)) along the row."""
    return writer("Softmax", scores, axis=1)


_UNDERFLOW = -float(np.log(np.finfo(np.float64).max))
"""The logistic function of a smaller number is 0 in 64 bits."""


def sigmoid_shares(writer: Writer, score: str, classes: int) -> str:
    """Logistic functions of scores: for two classes [1 - p, p], for more their shares.

    Shares are the softmax of the functions' logarithms, so that they do not vanish in 32 bits;
    where all of them vanish even in 64 bits, all classes are equally likely.
    """
    if classes <= 2:
        # 1 - p loses all digits where p is near 1; the logistic function of -s has them.
        both = writer("Concat", writer("Neg", score), score, axis=1)
        return writer("Sigmoid", both)
    fading = writer("Exp", writer("Neg", writer("Abs", score)))
    rest = writer("Log", writer("Add", fading, np.float32(1)))
    logs = writer("Sub", writer("Min", score, np.float32(0)), rest)
    largest = writer("ReduceMax", score, np.array([1]), keepdims=1)
    none = writer("Less", largest, np.float32(_UNDERFLOW))
    return writer("Where", none, np.float32(1 / classes), softmax(writer, logs))


def normalized(writer: Writer, values: str) -> str:
    """Each row divided by its sum; rows that are zero become equal shares."""
    total = writer("ReduceSum", values, np.array([1]), keepdims=1)
    none = writer("Equal", total, np.float32(0))
    values = writer("Where", none, np.float32(1), values)
    return writer("Div", values, writer("ReduceSum", values, np.array([1]), keepdims=1))


def answer_of_shares(writer: Writer, estimator: Any, shares: str, score: str = "") -> Answer:
    """A classifier that predicts the class of the largest probability."""
    return Answer(
        index=argmax(writer, shares),
        classes=plain_classes(estimator.classes_),
        probabilities=shares,
        score=score,
    )


def index_in(writer: Writer, answer: Answer) -> str:
    """The position of the predicted class, also where a converter gave only its label."""
    if answer.index:
        return answer.index
    keys = list(answer.classes)
    texts = isinstance(keys[0], str)
    return writer.ml(
        "LabelEncoder",
        answer.label,
        keys_strings=keys if texts else None,
        keys_int64s=None if texts else keys,
        values_int64s=list(range(len(keys))),
        default_int64=0,
    )


def one_hot(writer: Writer, index: str, classes: int) -> str:
    """[N, K] f32: 1 at the position of the class."""
    column = writer("Unsqueeze", index, np.array([1]))
    same = writer("Equal", column, np.arange(classes)[None, :])
    return writer("Cast", same, to=onnx.TensorProto.FLOAT)
