"""Core ML's learned model types: trees, linear models, and how scores become a class.

Each function takes the `Model` message and its inputs by name, and returns its outputs by name.
The source of each is the `.proto` file of its message in coremltools, unless another is named.
"""

import math
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference.trees import tree_scores
from lastmile.exporting.coreml.reference.values import Dictionary, Inputs, gives, need, side_by_side


def glm_regressor(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Weights . x + offset, then no transform, the logistic or the normal distribution."""
    message = model.glmRegressor
    scores = _linear(message, side_by_side(model, inputs))
    need(scores.shape[1] == 1, "a linear regressor with several outputs")
    transform = {
        message.NoTransform: lambda s: s,
        message.Logit: logistic,
        message.Probit: _probit,
    }[message.postEvaluationTransform]
    return gives(model, transform(scores)[:, 0])


def glm_classifier(model: Any, inputs: Inputs) -> dict[str, Any]:
    """A softmax whose first class has the score zero, or a sigmoid per class over their sum."""
    message = model.glmClassifier
    labels = class_labels(message)
    scores = _linear(message, side_by_side(model, inputs))
    probit = message.postEvaluationTransform == message.Probit
    link = _probit if probit else logistic
    if len(labels) == 2 and scores.shape[1] == 1:
        second = link(scores)
        return decided(model, labels, np.concatenate([1 - second, second], axis=1))
    need(not probit, "a probit of more than two classes")
    if message.classEncoding == message.ReferenceClass:
        need(scores.shape[1] == len(labels) - 1, "a linear classifier with too few rows")
        padded = np.concatenate([np.zeros((len(scores), 1)), scores], axis=1)
        return decided(model, labels, softmax(padded))
    need(scores.shape[1] == len(labels), "a linear classifier with too few rows")
    shares = logistic(scores)
    return decided(model, labels, shares / shares.sum(axis=1, keepdims=True))


def _linear(message: Any, table: np.ndarray) -> np.ndarray:
    rows = [np.asarray(row.value) for row in message.weights]
    need(rows and len(rows) == len(message.offset), "weights and offsets do not match")
    need(all(row.shape == (table.shape[1],) for row in rows), "weights do not fit the array")
    products = np.stack([table @ row for row in rows], axis=1)
    return np.asarray(products + np.asarray(message.offset))


def tree_regressor(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The scores of the ensemble after its transform."""
    message = model.treeEnsembleRegressor
    scores = tree_scores(message.treeEnsemble, side_by_side(model, inputs))
    made = _transformed(message, scores)
    scalar = model.description.output[0].type.WhichOneof("Type") != "multiArrayType"
    need(not scalar or made.shape[1] == 1, "several outputs where one number is declared")
    return gives(model, made[:, 0] if scalar else made)


def tree_classifier(model: Any, inputs: Inputs) -> dict[str, Any]:
    """A score per class, or for two classes one score that is the second's probability."""
    message = model.treeEnsembleClassifier
    labels = class_labels(message)
    scores = tree_scores(message.treeEnsemble, side_by_side(model, inputs))
    made = _transformed(message, scores)
    if made.shape[1] == 1 and len(labels) == 2:
        made = np.concatenate([1 - made, made], axis=1)
        return decided(model, labels, made, last_wins=True)
    need(made.shape[1] == len(labels), "as many scores as classes")
    return decided(model, labels, made)


def _transformed(message: Any, scores: np.ndarray) -> np.ndarray:
    none, soft, logit, with_zero = range(4)
    kind = message.postEvaluationTransform
    if kind == with_zero:
        padded = np.concatenate([np.zeros((len(scores), 1)), scores], axis=1)
        return softmax(padded)
    need(kind in (none, soft, logit), "a transform that is not known")
    return np.asarray({none: lambda s: s, soft: softmax, logit: logistic}[kind](scores))


def class_labels(message: Any) -> tuple[str | int, ...]:
    """The class labels of a classifier's message."""
    kind = message.WhichOneof("ClassLabels")
    need(kind is not None, "a classifier without class labels")
    labels = tuple(getattr(message, kind).vector)
    need(len(labels) > 1, "a classifier with fewer than two classes")
    return labels


def decided(
    model: Any, labels: tuple[str | int, ...], table: np.ndarray, *, last_wins: bool = False
) -> dict[str, Any]:
    """The outputs of a classifier: the label of the largest number, and all of them by label.

    Of equal ones the first is taken, with `last_wins` the last. The label is the output that is
    named as the prediction; where none is, the one that is no dictionary.
    """
    best = table.argmax(axis=1)
    if last_wins:
        best = table.shape[1] - 1 - table[:, ::-1].argmax(axis=1)
    names = np.array(labels, dtype=object if isinstance(labels[0], str) else np.int64)
    predicted = model.description.predictedFeatureName
    made: dict[str, Any] = {}
    for declared in model.description.output:
        if declared.type.WhichOneof("Type") == "dictionaryType":
            made[declared.name] = Dictionary(labels, table)
        elif declared.name == predicted or not predicted:
            made[declared.name] = names[best]
    return made


def logistic(scores: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-s))."""
    return np.asarray(1.0 / (1.0 + np.exp(-scores)))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Exponentials divided by their sum, per row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _probit(scores: np.ndarray) -> np.ndarray:
    normal = np.frompyfunc(lambda s: 0.5 * math.erfc(-s / math.sqrt(2.0)), 1, 1)
    return np.asarray(normal(scores), dtype=np.float64)
