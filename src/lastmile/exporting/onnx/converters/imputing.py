"""Missing values: filled in, or told."""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pandas as pd

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.columnwise import origins_through
from lastmile.exporting.onnx.converters.linear import made
from lastmile.exporting.onnx.converters.missing_texts import filled, is_missing
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts("SimpleImputer")
def simple(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """What was learned for each column, where it is missing; then which were, where asked for."""
    texts = any(part.kind is Kind.STRING for part in parts)
    made = _each(writer, estimator, parts) if texts else _numbers(writer, estimator, parts)
    return Answer(features=made + _indicator(writer, estimator, parts))


def _each(writer: Writer, estimator: Any, parts: Parts) -> Parts:
    """Column by column, texts and the numbers among them."""
    made: list[Part] = []
    for at, value in enumerate(estimator.statistics_):
        (part,) = writer.pick(parts, [at])
        if _is_nan(value) and not estimator.keep_empty_features:
            continue  # it was missing in every row
        if part.kind is Kind.STRING:
            made.append(filled(writer, estimator, part, value))
        else:
            made += _one_number(writer, estimator, part, value)
    return tuple(made)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and np.isnan(value)


def _one_number(writer: Writer, estimator: Any, part: Part, value: Any) -> Parts:
    """A column of numbers that is imputed together with texts.

    scikit-learn takes no texts among numbers, so where it puts in one, no number may be missing.
    """
    whole = part.kind in (Kind.INT, Kind.BOOL) and part.name not in writer.markers
    if whole or isinstance(estimator.missing_values, str) or isinstance(value, str):
        return (part,)
    return _numbers(writer, _of_one(estimator, value), (part,))


def _of_one(estimator: Any, value: Any) -> Any:
    """The imputer as if it had been fitted to one column of numbers."""
    import copy

    alone = copy.copy(estimator)
    alone.statistics_, alone.n_features_in_ = np.array([value], dtype=np.float64), 1
    alone._fit_dtype = alone._fill_dtype = np.dtype(np.float64)
    vars(alone).pop("feature_names_in_", None)
    return alone


def _numbers(writer: Writer, estimator: Any, parts: Parts) -> Parts:
    statistics = np.asarray(estimator.statistics_, dtype=np.float64)
    gaps = pd.isna(estimator.missing_values)
    if gaps and all(part.kind in (Kind.INT, Kind.BOOL) for part in parts):
        return _whole(writer, estimator, parts)
    empty = np.isnan(statistics)
    if empty.any() and not estimator.keep_empty_features:
        parts = writer.pick(parts, [int(at) for at in np.flatnonzero(~empty)])
        statistics = statistics[~empty]
    name = writer.ml(
        "Imputer",
        writer.matrix(parts),
        imputed_value_floats=np.nan_to_num(statistics).astype(np.float32),
        replaced_value_float=np.nan if gaps else float(estimator.missing_values),
    )
    # What stands for a missing number may lie amid the others: then no order is kept.
    follows = gaps and not empty.any()
    origins = origins_through(_without_indicator(estimator), parts) if follows else None
    width = width_of(parts)
    return (Part(name, Kind.FLOAT, width, origins or (None,) * width),)


def _whole(writer: Writer, estimator: Any, parts: Parts) -> Parts:
    """Whole numbers as they are: a phone has no missing ones, but for those with a marker.

    Such a column is only looked up (see `read_by_encoders_only`), so it is enough that its origin
    tells what a missing one becomes.
    """
    if not any(part.name in writer.markers for part in parts):
        return parts
    origins = origins_through(_without_indicator(estimator), parts)
    starts = np.cumsum([0, *(part.width for part in parts)])
    return tuple(
        replace(part, origins=origins[start : start + part.width])
        for part, start in zip(parts, starts, strict=False)
    )


def _without_indicator(estimator: Any) -> Any:
    import copy

    plain = copy.copy(estimator)
    plain.add_indicator = False
    return plain


def _indicator(writer: Writer, estimator: Any, parts: Parts) -> Parts:
    if not getattr(estimator, "add_indicator", False):
        return ()
    return missing(writer, estimator.indicator_, parts).features


@converts("MissingIndicator")
def missing(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """1 where a column is missing, for the columns that were while fitting, or for all."""
    chosen = writer.pick(parts, [int(at) for at in estimator.features_])
    flags = [replace(part, name=_missing(writer, estimator, part), kind=Kind.BOOL, origins=())
             for part in chosen]  # fmt: skip
    return Answer(features=tuple(flags))


def _missing(writer: Writer, estimator: Any, part: Part) -> str:
    """[N, width] bool."""
    if part.kind is Kind.STRING:
        return is_missing(writer, estimator, part)
    mark, x = estimator.missing_values, writer.floats(part)
    if isinstance(mark, str):
        return writer("And", writer("IsNaN", x), np.array([[False]]))
    return writer("IsNaN", x) if pd.isna(mark) else writer("Equal", x, np.float32(mark))


@converts("IterativeImputer")
def iterative(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each column that may be missing is predicted from the others, as often as while fitting.

    Source: `IterativeImputer.transform`: a fixed sequence of fitted estimators. scikit-learn keeps
    the first guess where all rows that are asked together have nothing; here, as a phone asks one
    row at a time, a row decides for itself.
    """
    if estimator.sample_posterior:
        raise writer.refusal("sample_posterior=True draws at random", "set it to False")
    if estimator._is_empty_feature.any():
        raise writer.refusal("a column is missing in every row", "leave it out")
    mark = pd.isna(estimator.missing_values)
    columns = [writer.pick(parts, [at])[0] for at in range(width_of(parts))]
    gone = [_missing(writer, estimator, column) for column in columns]
    first = writer.answer(estimator.initial_imputer_, parts, "initial_imputer_").features
    now = [writer.floats(writer.pick(first, [at])[0]) for at in range(width_of(parts))]
    if not mark:
        raise writer.refusal("it looks for a missing value other than NaN", "use NaN")
    for at, others, member in estimator.imputation_sequence_ if estimator.n_iter_ else ():
        given = tuple(Part(now[other], Kind.FLOAT, 1, (None,)) for other in others)
        guess = writer.answer(member, given, "estimator").value
        low, high = estimator._min_value[at], estimator._max_value[at]
        if np.isfinite(low) or np.isfinite(high):
            guess = writer("Clip", guess, np.float32(low), np.float32(high))
        now[at] = writer("Where", gone[at], guess, now[at])
    filled = writer("Concat", *now, axis=1)
    nothing = gone[0]
    for other in gone[1:]:
        nothing = writer("And", nothing, other)
    # A row, asked alone, that has nothing at all keeps the first guess.
    filled = writer("Where", nothing, writer.matrix(first), filled)
    return Answer(features=made(filled, len(now)) + _indicator(writer, estimator, parts))


@converts("KNNImputer")
def neighbours(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of the nearest training rows that have the column, by the columns both have.

    Source: `KNNImputer.transform` and `nan_euclidean_distances`. With `weights="distance"` a row
    that equals a training row has distance zero here; scikit-learn's own rounding may leave it a
    small one, and then weighs the others too.
    """
    if not pd.isna(estimator.missing_values) or estimator.metric != "nan_euclidean":
        raise writer.refusal("it looks for a missing value other than NaN, or by another metric")
    if not estimator._valid_mask.all() or callable(estimator.weights):
        raise writer.refusal("a column is missing in every row, or its weights are a function")
    x = writer.matrix(parts)
    apart = _apart(writer, x, estimator._fit_X, estimator._mask_fit_X)  # [N, n], squared
    columns = []
    for at in range(width_of(parts)):
        donors = np.flatnonzero(~estimator._mask_fit_X[:, at])
        known = estimator._fit_X[donors, at]
        distance = writer("Gather", apart, donors, axis=1)
        guess = _donated(writer, estimator, distance, known)
        column = writer("Gather", x, np.array([at]), axis=1)
        columns.append(writer("Where", writer("IsNaN", column), guess, column))
    filled = made(writer("Concat", *columns, axis=1), len(columns))
    return Answer(features=filled + _indicator(writer, estimator, parts))


_FAR = np.float32(1e30)
"""Stands for a distance that is not known, as no coordinate is there in both rows."""


def _apart(writer: Writer, x: str, known: np.ndarray, gone: np.ndarray) -> str:
    """Squared distances over the coordinates that both rows have, scaled up to all of them."""
    rows = writer("Unsqueeze", x, np.array([1]))  # [N, 1, C]
    there = ~gone[None]
    near = np.where(gone, 0, known).astype(np.float32)
    rest = (np.where(gone, 0, known) - near).astype(np.float32)
    step = writer("Sub", writer("Sub", rows, near[None]), rest[None])
    both = writer("And", writer("Not", writer("IsNaN", rows)), there)
    step = writer("Where", both, step, np.float32(0))
    squares = writer("ReduceSumSquare", step, np.array([2]), keepdims=0)
    count = writer("Cast", both, to=onnx.TensorProto.FLOAT)
    count = writer("ReduceSum", count, np.array([2]), keepdims=0)
    none = writer("Equal", count, np.float32(0))
    safe = writer("Where", none, np.float32(1), count)
    whole = writer("Div", writer("Mul", squares, np.float32(known.shape[1])), safe)
    return writer("Where", none, _FAR, whole)


def _donated(writer: Writer, estimator: Any, distance: str, known: np.ndarray) -> str:
    """[N, 1]: the weighted mean of what the nearest donors have."""
    count = min(estimator.n_neighbors, len(known))
    nearest, places = writer.several(
        "TopK", distance, np.array([count]), outputs=2, axis=1, largest=0, sorted=1
    )
    values = writer("Gather", known, places, axis=0)
    sound = writer("Less", nearest, np.float32(_FAR / 2))
    weights = writer("Cast", sound, to=onnx.TensorProto.FLOAT)
    if estimator.weights == "distance":
        zero = writer("Cast", writer("Equal", nearest, np.float32(0)), to=onnx.TensorProto.FLOAT)
        any_zero = writer(
            "Greater", writer("ReduceMax", zero, np.array([1]), keepdims=1), np.float32(0)
        )
        safe = writer("Where", writer("Equal", nearest, np.float32(0)), np.float32(1), nearest)
        inverse = writer("Mul", weights, writer("Reciprocal", writer("Sqrt", safe)))
        weights = writer("Where", any_zero, zero, inverse)
    total = writer("ReduceSum", weights, np.array([1]), keepdims=1)
    none = writer("Equal", total, np.float32(0))
    mean = writer(
        "Div",
        writer("ReduceSum", writer("Mul", values, weights), np.array([1]), keepdims=1),
        writer("Where", none, np.float32(1), total),
    )
    return writer("Where", none, np.float32(known.mean()), mean)
