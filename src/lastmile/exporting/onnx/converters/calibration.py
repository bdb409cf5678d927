"""Calibrated probabilities, and thresholds on them."""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.converters.interpolation import interpolated
from lastmile.exporting.onnx.converters.members import columns_of
from lastmile.exporting.onnx.converters.scores import (
    argmax,
    index_in,
    normalized,
    two_columns,
)
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


@converts("CalibratedClassifierCV")
def calibrated(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of what the calibrated estimators say.

    A learned temperature may flatten all probabilities until 32 bits cannot tell them apart, so
    that these are averaged and compared in 64.
    """
    floats = Floats(writer, wide=estimator.method == "temperature")
    shares = [
        _one(writer, fold, parts, len(estimator.classes_), f"calibrated_classifiers_[{number}]")
        for number, fold in enumerate(estimator.calibrated_classifiers_)
    ]
    summed = shares[0] if len(shares) == 1 else floats("Sum", *shares)
    mean = floats("Div", summed, np.array(float(len(shares))))
    return Answer(
        index=argmax(writer, mean),
        classes=plain_classes(estimator.classes_),
        probabilities=floats.give(mean),
    )


def _one(writer: Writer, fold: Any, parts: Parts, classes: int, name: str) -> str:
    """Probabilities [N, K] of one estimator and its calibrators, in 64 bits for a temperature.

    Source: `_CalibratedClassifier.predict_proba`.
    """
    answer = writer.answer(fold.estimator, parts, name)
    by_score = hasattr(fold.estimator, "decision_function")
    given = answer.score if by_score else answer.probabilities
    if not given:
        raise writer.refusal("what it calibrates has no score and no probabilities")
    if fold.method == "temperature":
        return _cooled(writer, fold.calibrators[0], given, classes, by_score=by_score)
    if classes == 2:
        (score,) = columns_of(writer, given, [0] if by_score else [1])
        return two_columns(writer, _mapped(writer, fold.calibrators[0], score))
    known = list(fold.classes)
    places = [known.index(value) for value in fold.estimator.classes_]
    scores = columns_of(writer, given, range(len(places)))
    found = {
        place: _mapped(writer, calibrator, score)
        for place, calibrator, score in zip(places, fold.calibrators, scores, strict=True)
    }
    none = writer("Mul", scores[0], np.float32(0))
    return normalized(
        writer, writer("Concat", *(found.get(at, none) for at in range(classes)), axis=1)
    )


def _mapped(writer: Writer, calibrator: Any, score: str) -> str:
    """Probability [N, 1] of a score [N, 1]."""
    if hasattr(calibrator, "a_"):  # 1 / (1 + exp(a s + b)), by Platt
        line = writer("Mul", score, np.float32(-calibrator.a_))
        return writer("Sigmoid", writer("Add", line, np.float32(-calibrator.b_)))
    return interpolated(writer, score, calibrator.X_thresholds_, calibrator.y_thresholds_)


def _cooled(writer: Writer, calibrator: Any, given: str, classes: int, *, by_score: bool) -> str:
    """The softmax of logits times the learned factor.

    Source: `_TemperatureScaling.predict`. scikit-learn takes scores for probabilities where all
    rows that are asked together look like that; here it is decided once, by what they are.
    """
    floats = Floats(writer, wide=True)
    logits = floats.take(given)
    if by_score and classes == 2:
        logits = floats("Concat", floats("Neg", logits), logits, axis=1)
    elif not by_score:
        logits = floats("Log", floats("Add", logits, np.array(np.finfo(np.float64).eps)))
    return floats("Softmax", floats("Mul", logits, np.array(calibrator.beta_)), axis=1)


@converts("FixedThresholdClassifier", "TunedThresholdClassifierCV")
def threshold(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The positive class from a threshold of the score or probability on; probabilities stay.

    Source: `_threshold_scores_to_class_labels` of scikit-learn's thresholds.
    """
    answer = writer.answer(estimator.estimator_, parts, "estimator_")
    classes = plain_classes(estimator.classes_)
    positive = _positive(estimator, classes)
    by_score = _method(estimator) == "decision_function"
    if by_score:
        score = answer.score if positive == 1 else writer("Neg", answer.score)
    else:
        (score,) = columns_of(writer, answer.probabilities, [positive])
    level = _level(estimator, by_score=by_score)
    reached = writer("Not", writer("Less", score, np.float32(level)))
    yes, no = (0, 1) if positive == 0 else (1, 0)
    index = writer("Squeeze", writer("Where", reached, np.int64(yes), np.int64(no)), np.array([1]))
    return Answer(
        index=index, classes=classes, probabilities=answer.probabilities, score=answer.score
    )


def _positive(estimator: Any, classes: tuple[str | int, ...]) -> int:
    """The position of the class that the threshold is about."""
    label = getattr(estimator, "pos_label", None)
    scorer = getattr(estimator, "_curve_scorer", None)
    if label is None and scorer is not None:
        label = scorer._get_pos_label()
    return 1 if label is None else list(classes).index(label)


def _method(estimator: Any) -> str:
    """Which answer the threshold is applied to."""
    if estimator.response_method != "auto":
        return str(estimator.response_method)
    return (
        "predict_proba" if hasattr(estimator.estimator_, "predict_proba") else "decision_function"
    )


def _level(estimator: Any, *, by_score: bool) -> float:
    value = getattr(estimator, "best_threshold_", getattr(estimator, "threshold", "auto"))
    if value == "auto":
        return 0.0 if by_score else 0.5
    return float(value)


@converts("SelfTrainingClassifier")
def self_trained(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The estimator that was fitted last."""
    answer = writer.answer(estimator.estimator_, parts, "estimator_")
    return Answer(
        index=index_in(writer, answer),
        classes=plain_classes(estimator.classes_),
        probabilities=answer.probabilities,
        score=answer.score,
    )
