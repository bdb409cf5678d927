"""Votes, stacks, bags and boosts: estimators that are asked together."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.linear import made
from lastmile.exporting.onnx.converters.members import (
    columns_of,
    mean,
    shares_or_vote,
    total,
)
from lastmile.exporting.onnx.converters.scores import (
    answer_of_shares,
    argmax,
    index_in,
    index_of_score,
    one_hot,
    softmax,
)
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("VotingClassifier")
def voting(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of probabilities, or the class that most members name."""
    count = len(estimator.classes_)
    answers = _answers(writer, estimator, parts)
    weights = estimator._weights_not_none
    if estimator.voting == "soft":
        shares = [answer.probabilities for answer in answers]
        answer = answer_of_shares(writer, estimator, mean(writer, shares, weights))
        features = made(writer("Concat", *shares, axis=1), count * len(shares))
        return _and_features(answer, features)
    indices = [index_in(writer, answer) for answer in answers]
    votes = [one_hot(writer, index, count) for index in indices]
    index = argmax(writer, total(writer, votes, weights or [1.0] * len(votes)))
    columns = [
        writer("Cast", writer("Unsqueeze", one, np.array([1])), to=onnx.TensorProto.FLOAT)
        for one in indices
    ]
    return Answer(
        index=index,
        classes=plain_classes(estimator.classes_),
        features=made(writer("Concat", *columns, axis=1), len(columns)),
    )


def _and_features(answer: Answer, features: Parts) -> Answer:
    return Answer(
        index=answer.index,
        classes=answer.classes,
        probabilities=answer.probabilities,
        features=features,
    )


@converts("VotingRegressor")
def mean_of_regressors(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of what the members predict."""
    values = [answer.value for answer in _answers(writer, estimator, parts)]
    return Answer(
        value=mean(writer, values, estimator._weights_not_none),
        features=made(writer("Concat", *values, axis=1), len(values)),
    )


def _answers(writer: Writer, estimator: Any, parts: Parts) -> list[Answer]:
    names = [name for name, member in estimator.estimators if not isinstance(member, str)]
    return [
        writer.answer(member, parts, name)
        for name, member in zip(names, estimator.estimators_, strict=True)
    ]


# --- stacks --------------------------------------------------------------------------------------


@converts("StackingClassifier", "StackingRegressor")
def stacking(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The final estimator over what the members say, and over the rows where they pass through."""
    given: list[Part] = []
    for method, answer in zip(
        estimator.stack_method_, _answers(writer, estimator, parts), strict=True
    ):
        given += _stacked(writer, estimator, method, answer)
    if estimator.passthrough:
        given += parts
    answer = writer.answer(estimator.final_estimator_, tuple(given), "final_estimator_")
    if not hasattr(estimator, "classes_"):
        return Answer(value=answer.value, features=tuple(given))
    return Answer(
        index=index_in(writer, answer),
        classes=plain_classes(estimator.classes_),
        probabilities=answer.probabilities,
        score=answer.score,
        features=tuple(given),
    )


def _stacked(writer: Writer, estimator: Any, method: str, answer: Answer) -> Parts:
    """Source: `_BaseStacking._concatenate_predictions`."""
    if answer.targets:
        raise writer.refusal("a member of it predicts several labels")
    classes = len(getattr(estimator, "classes_", ()))
    if method == "predict_proba":
        if classes == 2:
            return made(columns_of(writer, answer.probabilities, [1])[0], 1)
        return made(answer.probabilities, classes)
    if method == "decision_function":
        return made(answer.score, 1 if classes == 2 else classes)
    if answer.value:
        return made(answer.value, 1)
    return (Part(writer("Unsqueeze", index_in(writer, answer), np.array([1])), Kind.INT),)


# --- bags ----------------------------------------------------------------------------------------


@converts("BaggingClassifier")
def bagging(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of the members' probabilities, or votes; each sees its own columns."""
    count = len(estimator.classes_)
    pairs = list(_bag(writer, estimator, parts))
    shares = [shares_or_vote(writer, member, answer, count) for member, answer in pairs]
    scores = [answer.score for _, answer in pairs]
    answer = answer_of_shares(writer, estimator, mean(writer, shares))
    if not all(scores):
        return answer
    return Answer(
        index=answer.index,
        classes=answer.classes,
        probabilities=answer.probabilities,
        score=mean(writer, scores),
    )


@converts("BaggingRegressor")
def bagging_regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of what the members predict from their own columns."""
    return Answer(value=mean(writer, [a.value for _, a in _bag(writer, estimator, parts)]))


def _bag(writer: Writer, estimator: Any, parts: Parts) -> Any:
    everything = list(range(width_of(parts)))
    pairs = zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    for number, (member, columns) in enumerate(pairs):
        own = parts if list(columns) == everything else writer.pick(parts, columns)
        yield member, writer.answer(member, own, f"estimators_[{number}]")


# --- boosts --------------------------------------------------------------------------------------


@converts("AdaBoostClassifier")
def boosting(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Weighted votes, centred so that they sum to zero.

    Source: `AdaBoostClassifier.decision_function` and `_compute_proba_from_decision`.
    """
    count = len(estimator.classes_)
    weights = np.asarray(estimator.estimator_weights_, dtype=np.float64)[
        : len(estimator.estimators_)
    ]
    votes = [
        one_hot(writer, index_in(writer, writer.answer(member, parts, f"estimators_[{n}]")), count)
        for n, member in enumerate(estimator.estimators_)
    ]
    weights = weights / weights.sum()
    named = total(writer, votes, list(weights))  # [N, K], rows sum to 1
    low = -1 / (count - 1)
    scores = writer("Add", writer("Mul", named, np.float32(1 - low)), np.float32(low))
    if count == 2:
        first, second = columns_of(writer, scores, [0, 1])
        score = writer("Sub", second, first)
        half = writer("Mul", score, np.float32(0.5))
        shares = softmax(writer, writer("Concat", writer("Neg", half), half, axis=1))
    else:
        score = scores
        shares = softmax(writer, writer("Mul", scores, np.float32(1 / (count - 1))))
    return Answer(
        index=index_of_score(writer, score, count),
        classes=plain_classes(estimator.classes_),
        probabilities=shares,
        score=score,
    )


@converts("AdaBoostRegressor")
def median(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The weighted median of what the members predict.

    It is the smallest prediction below or at which at least half of the weight lies: no sorting is
    needed to find it. Source: `AdaBoostRegressor._get_median_predict`.
    """
    count = len(estimator.estimators_)
    weights = np.asarray(estimator.estimator_weights_, dtype=np.float64)[:count]
    answers = [
        writer.answer(member, parts, f"estimators_[{n}]").value
        for n, member in enumerate(estimator.estimators_)
    ]
    values = writer("Concat", *answers, axis=1)  # [N, M]
    columns = writer("Unsqueeze", values, np.array([2]))
    lower = writer("LessOrEqual", writer("Unsqueeze", values, np.array([1])), columns)
    below = writer("Cast", lower, to=onnx.TensorProto.FLOAT)  # [N, M, M]: j at or below i
    weight = writer("MatMul", below, (weights / weights.sum())[:, None])  # [N, M, 1]
    enough = writer("Not", writer("Less", weight, np.float32(0.5 - 1e-6)))
    endless = np.float32(np.finfo(np.float32).max)
    found = writer("Where", enough, columns, endless)
    return Answer(value=writer("ReduceMin", found, np.array([1]), keepdims=0))
