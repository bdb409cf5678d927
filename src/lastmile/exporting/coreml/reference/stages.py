"""Core ML's classic model types, each by its documented semantics.

Each function takes the `Model` message and its inputs by name, and returns its outputs by name.
The source of each is the `.proto` file of its message in coremltools, unless another is named.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference.trees import tree_scores
from lastmile.exporting.coreml.reference.values import Dictionary, as_numbers, need

Inputs = dict[str, Any]


def _only(model: Any, inputs: Inputs) -> Any:
    need(len(inputs) == 1, f"a stage has {len(inputs)} inputs instead of one")
    return next(iter(inputs.values()))


def _gives(model: Any, value: Any) -> dict[str, Any]:
    need(len(model.description.output) == 1, "a stage does not have one output")
    return {model.description.output[0].name: value}


def identity(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The input, under the name of the output."""
    return _gives(model, _only(model, inputs))


def imputer(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Values equal to the replaced one become the imputed one, an array's each its own.

    Without a replaced value nothing that a row can hold is missing.
    """
    x, message = _only(model, inputs), model.imputer
    sought, kind = message.WhichOneof("ReplaceValue"), message.WhichOneof("ImputedValue")
    need(kind is not None and "Dictionary" not in kind, "an imputer of a kind not supported")
    new = getattr(message, kind)
    new = np.asarray(new.vector) if kind.endswith("Array") else new
    if sought is None:
        return _gives(model, x)
    old = getattr(message, sought)
    missing = np.isnan(x) if isinstance(old, float) and math.isnan(old) else x == old
    return _gives(model, np.where(missing, new, x))


def one_hot_encoder(model: Any, inputs: Inputs) -> dict[str, Any]:
    """A one at the place of the value among the categories; all zeros if it is not there."""
    x, message = _only(model, inputs), model.oneHotEncoder
    need(not message.outputSparse, "sparse one-hot encoders are not supported")
    categories = getattr(message, message.WhichOneof("CategoryType") or "stringCategories").vector
    places = {category: at for at, category in enumerate(categories)}
    at = np.array([places.get(value, -1) for value in x.tolist()], dtype=np.int64)
    need(message.handleUnknown == message.IgnoreUnknown or (at >= 0).all(), "an unknown category")
    hot = np.zeros((len(at), len(categories)))
    hot[at >= 0, at[at >= 0]] = 1.0
    return _gives(model, hot)


def categorical_mapping(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Each value looked up; what is not in the table gives the value for unknown ones."""
    x, message = _only(model, inputs), model.categoricalMapping
    kind = message.WhichOneof("MappingType")
    need(kind is not None, "a mapping without a table")
    table = dict(getattr(message, kind).map)
    unknown = message.WhichOneof("ValueOnUnknown")
    default = getattr(message, unknown) if unknown else None
    found = [table.get(value, default) for value in x.tolist()]
    need(None not in found, "an unknown category")
    return _gives(model, np.array(found, dtype=np.int64 if kind == "stringToInt64Map" else object))


def feature_vectorizer(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Numbers and arrays side by side, in the order of the message's own list."""
    columns = []
    for entry in model.featureVectorizer.inputList:
        need(entry.inputColumn in inputs, f"there is no feature `{entry.inputColumn}`")
        table = as_numbers(inputs[entry.inputColumn])
        size = entry.inputDimensions
        need(size < 10_000_000, "a feature of impossible size")
        padded = np.zeros((len(table), size)) if size > table.shape[1] else table
        padded[:, : table.shape[1]] = table
        need(padded.shape[1] == size, f"`{entry.inputColumn}` does not have {size} elements")
        columns.append(padded)
    need(columns, "a feature vectorizer without inputs")
    return _gives(model, np.concatenate(columns, axis=1))


def array_feature_extractor(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Elements by their positions; a single one is a number."""
    table = as_numbers(_only(model, inputs))
    indices = list(model.arrayFeatureExtractor.extractIndex)
    need(indices and max(indices) < table.shape[1], "positions outside of the array")
    picked = table[:, indices]
    scalar = model.description.output[0].type.WhichOneof("Type") != "multiArrayType"
    return _gives(model, picked[:, 0] if scalar and len(indices) == 1 else picked)


def scaler(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Scale * (x + shift); no shift is 0, no scale is 1."""
    x, message = _only(model, inputs), model.scaler
    table = as_numbers(x)
    shift = np.asarray(message.shiftValue) if message.shiftValue else np.zeros(1)
    scale = np.asarray(message.scaleValue) if message.scaleValue else np.ones(1)
    for values in (shift, scale):
        need(values.size in (1, table.shape[1]), "a scaler that does not fit its array")
    scaled = scale * (table + shift)
    return _gives(model, scaled[:, 0] if np.asarray(x).ndim == 1 else scaled)


def normalizer(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The array divided by its norm: largest element, sum of sizes, or Euclidean length.

    Not documented for a norm of zero; here such an array stays as it is.
    """
    table, message = as_numbers(_only(model, inputs)), model.normalizer
    norms = {
        message.LMax: lambda: table.max(axis=1, keepdims=True),
        message.L1: lambda: np.abs(table).sum(axis=1, keepdims=True),
        message.L2: lambda: np.sqrt((table**2).sum(axis=1, keepdims=True)),
    }
    norm = norms[message.normType]()
    return _gives(model, table / np.where(norm == 0, 1.0, norm))


def glm_regressor(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Weights . x + offset, then no transform, the logistic or the normal distribution."""
    message = model.glmRegressor
    scores = _linear(message, as_numbers(_only(model, inputs)))
    need(scores.shape[1] == 1, "a linear regressor with several outputs")
    transform = {
        message.NoTransform: lambda s: s,
        message.Logit: logistic,
        message.Probit: _probit,
    }[message.postEvaluationTransform]
    return _gives(model, transform(scores)[:, 0])


def glm_classifier(model: Any, inputs: Inputs) -> dict[str, Any]:
    """A softmax whose first class has the score zero, or a sigmoid per class over their sum."""
    message = model.glmClassifier
    labels = class_labels(message)
    scores = _linear(message, as_numbers(_only(model, inputs)))
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
    scores = tree_scores(message.treeEnsemble, _side_by_side(model, inputs))
    made = _transformed(message, scores)
    scalar = model.description.output[0].type.WhichOneof("Type") != "multiArrayType"
    need(not scalar or made.shape[1] == 1, "several outputs where one number is declared")
    return _gives(model, made[:, 0] if scalar else made)


def tree_classifier(model: Any, inputs: Inputs) -> dict[str, Any]:
    """A score per class, or for two classes one score that is the second's probability."""
    message = model.treeEnsembleClassifier
    labels = class_labels(message)
    scores = tree_scores(message.treeEnsemble, _side_by_side(model, inputs))
    made = _transformed(message, scores)
    if made.shape[1] == 1 and len(labels) == 2:
        made = np.concatenate([1 - made, made], axis=1)
        return decided(model, labels, made, last_wins=True)
    need(made.shape[1] == len(labels), "as many scores as classes")
    return decided(model, labels, made)


def _side_by_side(model: Any, inputs: Inputs) -> np.ndarray:
    order = [declared.name for declared in model.description.input]
    return np.concatenate([as_numbers(inputs[name]) for name in order], axis=1)


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

    Of equal ones the first is taken, with `last_wins` the last.
    """
    best = table.argmax(axis=1)
    if last_wins:
        best = table.shape[1] - 1 - table[:, ::-1].argmax(axis=1)
    names = np.array(labels, dtype=object if isinstance(labels[0], str) else np.int64)
    description = model.description
    need(description.predictedFeatureName, "a classifier that does not name its label")
    made: dict[str, Any] = {description.predictedFeatureName: names[best]}
    if description.predictedProbabilitiesName:
        made[description.predictedProbabilitiesName] = Dictionary(labels, table)
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


STAGES: dict[str, Callable[[Any, Inputs], dict[str, Any]]] = {
    "identity": identity,
    "imputer": imputer,
    "oneHotEncoder": one_hot_encoder,
    "categoricalMapping": categorical_mapping,
    "featureVectorizer": feature_vectorizer,
    "arrayFeatureExtractor": array_feature_extractor,
    "scaler": scaler,
    "normalizer": normalizer,
    "glmRegressor": glm_regressor,
    "glmClassifier": glm_classifier,
    "treeEnsembleRegressor": tree_regressor,
    "treeEnsembleClassifier": tree_classifier,
}
