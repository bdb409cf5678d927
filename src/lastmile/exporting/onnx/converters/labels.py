"""Many questions about one label: one against the rest, one against one, codes."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.members import binary_score, columns_of, total
from lastmile.exporting.onnx.converters.scores import argmax, normalized, two_columns
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


@converts("OneVsRestClassifier")
def one_against_rest(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The class whose own estimator says yes the loudest; with several labels each by itself."""
    members = estimator.estimators_
    scores = [
        binary_score(writer, member, parts, f"estimators_[{n}]") for n, member in enumerate(members)
    ]
    level = _threshold(members[0])
    if estimator.multilabel_:
        return Answer(
            targets=tuple(
                _alone(writer, member, score, parts, level)
                for member, score in zip(members, scores, strict=True)
            )
        )
    classes = plain_classes(estimator.classes_)
    shares = _shares(writer, members, parts)
    if len(members) == 1:
        return Answer(
            index=_above(writer, scores[0], level),
            classes=classes,
            probabilities=two_columns(writer, shares[0]) if shares else "",
            score=scores[0],
        )
    score = writer("Concat", *scores, axis=1)
    return Answer(
        index=argmax(writer, score),
        classes=classes,
        probabilities=normalized(writer, writer("Concat", *shares, axis=1)) if shares else "",
        score=score,
    )


def _shares(writer: Writer, members: list[Any], parts: Parts) -> list[str]:
    """The second probability of each member, where all have some."""
    if not all(hasattr(member, "predict_proba") for member in members):
        return []
    return [_share(writer, member, parts) for member in members]


def _share(writer: Writer, member: Any, parts: Parts) -> str:
    if type(member).__name__ == "_ConstantPredictor":
        return binary_score(writer, member, parts, "")
    return columns_of(writer, writer.answer(member, parts).probabilities, [1])[0]


def _alone(writer: Writer, member: Any, score: str, parts: Parts, level: float) -> Answer:
    share = _share(writer, member, parts) if hasattr(member, "predict_proba") else ""
    return Answer(
        index=_above(writer, score, level),
        classes=(0, 1),
        probabilities=two_columns(writer, share) if share else "",
    )


def _threshold(member: Any) -> float:
    """Source: `_threshold_for_binary_predict`."""
    from sklearn.base import is_classifier

    return 0.0 if hasattr(member, "decision_function") and is_classifier(member) else 0.5


def _above(writer: Writer, score: str, level: float) -> str:
    """[N] i64: whether a score [N, 1] is above the level; equal ones are not."""
    apart = writer("Sub", score, np.float32(level)) if level else score
    both = writer("Concat", writer("Neg", apart), apart, axis=1)
    return argmax(writer, both)


@converts("OneVsOneClassifier")
def one_against_one(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each pair of classes has its vote; confidences break ties.

    Source: `OneVsOneClassifier.decision_function`, `_ovr_decision_function`.
    """
    if estimator.pairwise_indices_ is not None:
        raise writer.refusal("its members read distances between rows")
    members = estimator.estimators_
    classes = plain_classes(estimator.classes_)
    level = _threshold(members[0])
    scores = [
        binary_score(writer, member, parts, f"estimators_[{n}]") for n, member in enumerate(members)
    ]
    answers = [writer.answer(member, parts) for member in members]
    if len(classes) == 2:
        score = pairs_score(writer, _named(writer, answers), scores, 2)
        second = columns_of(writer, score, [1])[0]
        return Answer(index=_above(writer, second, level), classes=classes, score=second)
    score = pairs_score(writer, _named(writer, answers), scores, len(classes))
    return Answer(index=argmax(writer, score), classes=classes, score=score)


def _named(writer: Writer, answers: list[Answer]) -> list[str]:
    """[N, 1] f32 of each pair: 1 where its second class is predicted."""
    from lastmile.exporting.onnx.converters.scores import index_in

    return [
        writer(
            "Cast",
            writer("Unsqueeze", index_in(writer, answer), np.array([1])),
            to=onnx.TensorProto.FLOAT,
        )
        for answer in answers
    ]


def pairs_score(writer: Writer, named: list[str], confidences: list[str], classes: int) -> str:
    """[N, K]: votes, and confidences squeezed into less than half a vote."""
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    first, second = np.zeros((2, len(pairs), classes))
    for number, (i, j) in enumerate(pairs):
        first[number, i] = second[number, j] = 1
    votes = writer("Concat", *named, axis=1)
    sure = writer("Concat", *confidences, axis=1)
    counted = writer("Add", writer("MatMul", votes, second - first), first.sum(axis=0))
    summed = writer("MatMul", sure, second - first)
    size = writer("Add", writer("Mul", writer("Abs", summed), np.float32(3)), np.float32(3))
    return writer("Add", counted, writer("Div", summed, size))


@converts("OutputCodeClassifier")
def codes(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The class whose code is nearest to what the members say."""
    scores = [
        binary_score(writer, member, parts, f"estimators_[{n}]")
        for n, member in enumerate(estimator.estimators_)
    ]
    apart = [
        total(writer, [_square(writer, score, bit) for score, bit in zip(scores, row, strict=True)],
              [1.0] * len(scores))
        for row in estimator.code_book_
    ]  # fmt: skip
    distances = writer("Concat", *apart, axis=1)
    index = argmax(writer, writer("Neg", distances))
    return Answer(index=index, classes=plain_classes(estimator.classes_))


def _square(writer: Writer, score: str, bit: float) -> str:
    apart = writer("Sub", score, np.float32(bit))
    return writer("Mul", apart, apart)
