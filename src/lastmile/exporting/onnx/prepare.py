"""A copy of the estimator, written in the words of the phone.

skl2onnx finds raw columns by name and writes learned categories as they are. So in the copy raw
columns carry their identifiers, and a missing category or the text that an imputer looks for is
the empty string, which is what a phone sends for a missing text. An imputer of whole numbers has
nothing to do, as a phone has no missing ones, and skl2onnx refuses it where it would fill in a
fraction: it is taken out.
"""

import copy
from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.signature import Column, Kind, Signature
from lastmile.exporting.signature.parts import parts, positions_of, raw_transformers
from lastmile.exporting.signature.phone import MISSING_TEXT


def prepare(estimator: Any, signature: Signature, names: list[str]) -> Any:
    """A deep copy of `estimator`, ready for skl2onnx; `names` are all raw columns, in order."""
    prepared = copy.deepcopy(estimator)
    columns = {column.name: column for column in signature.columns}
    for transformer in list(raw_transformers(prepared, names)):
        transformer.transformers_ = [
            _on_phone(name, inner, [columns[names[at]] for at in positions_of(transformer, name)])
            for name, inner, _ in transformer.transformers_
            if not isinstance(inner, str)
        ]
    for _, part in parts(prepared):
        _write_missing_text(part)
        if hasattr(part, "flatten_transform"):
            part.flatten_transform = False  # shapes transform() only, and skl2onnx refuses True
    if any(True for _ in raw_transformers(prepared, names)):
        return prepared
    if all(column.kind is Kind.INT for column in signature.columns):
        prepared = _without_imputer(prepared)
    return _behind_columns(prepared, signature) if len(columns) > 1 else prepared


def _behind_columns(estimator: Any, signature: Signature) -> Any:
    """A pipeline that joins the raw columns first: skl2onnx feeds one array to most estimators."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    names = [column.identifier for column in signature.columns]
    joined = ColumnTransformer([("columns", "passthrough", names)])
    joined.fit(pd.DataFrame(np.zeros((1, len(names))), columns=names))
    return Pipeline([("columns", joined), ("estimator", estimator)])


def _on_phone(name: str, inner: Any, read: list[Column]) -> tuple[str, Any, list[str]]:
    """One part of a ColumnTransformer, over identifiers and without an idle imputer."""
    if read and all(column.kind is Kind.INT for column in read):
        inner = _without_imputer(inner)
    return name, inner, [column.identifier for column in read]


def _without_imputer(inner: Any) -> Any:
    from sklearn.preprocessing import FunctionTransformer

    if hasattr(inner, "steps"):
        (name, first), *rest = inner.steps
        inner.steps = [(name, _without_imputer(first)), *rest]
    elif type(inner).__name__ == "SimpleImputer" and pd.isna(inner.missing_values):
        return FunctionTransformer()
    return inner


def _write_missing_text(part: Any) -> None:
    if hasattr(part, "categories_"):
        part.categories_ = [_with_empty_text(values) for values in part.categories_]
    statistics = getattr(part, "statistics_", None)
    if statistics is not None and np.asarray(statistics).dtype == object:
        texts = [value for value in statistics if isinstance(value, str)]
        if texts and len(texts) == len(statistics) and pd.isna(part.missing_values):
            part.missing_values = MISSING_TEXT


def _with_empty_text(values: Any) -> Any:
    if np.asarray(values).dtype.kind != "O":
        return values
    missing = np.array([not isinstance(value, str) and pd.isna(value) for value in values])
    if not missing.any() or not any(isinstance(value, str) for value in values):
        return values
    return np.array(
        [MISSING_TEXT if gone else value for value, gone in zip(values, missing, strict=True)],
        dtype=object,
    )


def input_types(signature: Signature) -> list[tuple[str, Any]]:
    """One typed input [None, 1] per raw column, for skl2onnx."""
    from skl2onnx.common.data_types import (
        BooleanTensorType,
        FloatTensorType,
        Int64TensorType,
        StringTensorType,
    )

    types = {
        Kind.FLOAT: FloatTensorType,
        Kind.INT: Int64TensorType,
        Kind.STRING: StringTensorType,
        Kind.BOOL: BooleanTensorType,
    }
    return [(column.identifier, types[column.kind]([None, 1])) for column in signature.columns]
