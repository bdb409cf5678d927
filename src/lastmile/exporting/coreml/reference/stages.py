"""Core ML's classic model types that prepare columns, and the table of all classic types.

Each function takes the `Model` message and its inputs by name, and returns its outputs by name.
The source of each is the `.proto` file of its message in coremltools, unless another is named.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference import learned, vectors
from lastmile.exporting.coreml.reference.values import (
    Dictionary,
    Inputs,
    as_numbers,
    gives,
    need,
    only,
)

MOST_NUMBERS = 2**28
"""More numbers than this in one array are taken for a fault of the file."""


def identity(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The input, under the name of the output."""
    return gives(model, only(inputs))


def imputer(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Values equal to the replaced one become the imputed one, an array's each its own.

    Of a dictionary, each key has its own. Without a replaced value nothing that a row can hold is
    missing.
    """
    x, message = only(inputs), model.imputer
    sought, kind = message.WhichOneof("ReplaceValue"), message.WhichOneof("ImputedValue")
    need(kind is not None, "an imputer without a value to impute")
    new = getattr(message, kind)
    if isinstance(x, Dictionary):
        need(kind.endswith("Dictionary"), "an imputer of another type than its input")
        held = np.array([new.map.get(key, 0.0) for key in x.keys])
        return gives(model, Dictionary(x.keys, _replaced(message, sought, x.values, held)))
    need(not kind.endswith("Dictionary"), "an imputer of another type than its input")
    new = np.asarray(new.vector) if kind.endswith("Array") else new
    return gives(model, _replaced(message, sought, x, new))


def _replaced(message: Any, sought: str | None, x: Any, new: Any) -> Any:
    if sought is None:
        return x
    old = getattr(message, sought)
    missing = np.isnan(x) if isinstance(old, float) and math.isnan(old) else x == old
    return np.where(missing, new, x)


def one_hot_encoder(model: Any, inputs: Inputs) -> dict[str, Any]:
    """A one at the place of the value among the categories; all zeros if it is not there.

    A sparse encoder gives a dictionary from place to one instead.
    """
    x, message = only(inputs), model.oneHotEncoder
    categories = getattr(message, message.WhichOneof("CategoryType") or "stringCategories").vector
    places = {category: at for at, category in enumerate(categories)}
    at = np.array([places.get(value, -1) for value in x.tolist()], dtype=np.int64)
    need(message.handleUnknown == message.IgnoreUnknown or (at >= 0).all(), "an unknown category")
    need(len(at) * len(categories) < MOST_NUMBERS, "an array of impossible size")
    hot = np.zeros((len(at), len(categories)))
    hot[at >= 0, at[at >= 0]] = 1.0
    sparse = message.outputSparse
    return gives(model, Dictionary(tuple(range(len(categories))), hot) if sparse else hot)


def categorical_mapping(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Each value looked up; what is not in the table gives the value for unknown ones."""
    x, message = only(inputs), model.categoricalMapping
    kind = message.WhichOneof("MappingType")
    need(kind is not None, "a mapping without a table")
    table = dict(getattr(message, kind).map)
    unknown = message.WhichOneof("ValueOnUnknown")
    default = getattr(message, unknown) if unknown else None
    found = [table.get(value, default) for value in x.tolist()]
    need(None not in found, "an unknown category")
    return gives(model, np.array(found, dtype=np.int64 if kind == "stringToInt64Map" else object))


def dict_vectorizer(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The value of each key at the key's place; zero where a row does not have it.

    A key that has no place stops Core ML (turicreate#98), though the comment in the message
    definition says that it is passed over.
    """
    x, message = only(inputs), model.dictVectorizer
    need(isinstance(x, Dictionary), "a dictionary vectorizer of something else")
    keys = getattr(message, message.WhichOneof("Map") or "stringToIndex").vector
    known = set(keys)
    for at, key in enumerate(x.keys):
        need(key in known or np.isnan(x.values[:, at]).all(), f"the key {key!r} has no place")
    table = np.nan_to_num(x.columns(list(keys)), posinf=np.inf, neginf=-np.inf)
    array = model.description.output[0].type.WhichOneof("Type") == "multiArrayType"
    return gives(model, table if array else Dictionary(tuple(range(len(keys))), table))


def feature_vectorizer(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Numbers and arrays side by side, in the order of the message's own list."""
    columns = []
    for entry in model.featureVectorizer.inputList:
        need(entry.inputColumn in inputs, f"there is no feature `{entry.inputColumn}`")
        table = as_numbers(inputs[entry.inputColumn])
        size = entry.inputDimensions
        need(size * max(len(table), 1) < MOST_NUMBERS, "a feature of impossible size")
        padded = np.zeros((len(table), size)) if size > table.shape[1] else table
        padded[:, : table.shape[1]] = table
        need(padded.shape[1] == size, f"`{entry.inputColumn}` does not have {size} elements")
        columns.append(padded)
    need(columns, "a feature vectorizer without inputs")
    return gives(model, np.concatenate(columns, axis=1))


def array_feature_extractor(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Elements by their positions; a single one is a number."""
    table = as_numbers(only(inputs))
    indices = list(model.arrayFeatureExtractor.extractIndex)
    need(indices and max(indices) < table.shape[1], "positions outside of the array")
    picked = table[:, indices]
    scalar = model.description.output[0].type.WhichOneof("Type") != "multiArrayType"
    return gives(model, picked[:, 0] if scalar and len(indices) == 1 else picked)


def scaler(model: Any, inputs: Inputs) -> dict[str, Any]:
    """Scale * (x + shift); no shift is 0, no scale is 1."""
    x, message = only(inputs), model.scaler
    table = as_numbers(x)
    shift = np.asarray(message.shiftValue) if message.shiftValue else np.zeros(1)
    scale = np.asarray(message.scaleValue) if message.scaleValue else np.ones(1)
    for values in (shift, scale):
        need(values.size in (1, table.shape[1]), "a scaler that does not fit its array")
    scaled = scale * (table + shift)
    return gives(model, scaled[:, 0] if np.asarray(x).ndim == 1 else scaled)


def normalizer(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The array divided by its norm: largest element, sum of sizes, or Euclidean length.

    Not documented for a norm of zero; here such an array stays as it is.
    """
    table, message = as_numbers(only(inputs)), model.normalizer
    norms = {
        message.LMax: lambda: table.max(axis=1, keepdims=True),
        message.L1: lambda: np.abs(table).sum(axis=1, keepdims=True),
        message.L2: lambda: np.sqrt((table**2).sum(axis=1, keepdims=True)),
    }
    norm = norms[message.normType]()
    return gives(model, table / np.where(norm == 0, 1.0, norm))


STAGES: dict[str, Callable[[Any, Inputs], dict[str, Any]]] = {
    "identity": identity,
    "imputer": imputer,
    "oneHotEncoder": one_hot_encoder,
    "categoricalMapping": categorical_mapping,
    "dictVectorizer": dict_vectorizer,
    "featureVectorizer": feature_vectorizer,
    "arrayFeatureExtractor": array_feature_extractor,
    "scaler": scaler,
    "normalizer": normalizer,
    "glmRegressor": learned.glm_regressor,
    "glmClassifier": learned.glm_classifier,
    "treeEnsembleRegressor": learned.tree_regressor,
    "treeEnsembleClassifier": learned.tree_classifier,
    "supportVectorRegressor": vectors.svm_regressor,
    "supportVectorClassifier": vectors.svm_classifier,
    "kNearestNeighborsClassifier": vectors.nearest_neighbours,
}
"""Every classic model type that is evaluated, by its name in `Model.proto`."""
