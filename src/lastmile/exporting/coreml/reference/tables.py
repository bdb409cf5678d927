"""Rows of a table as a model's inputs, and its answers as a table.

A number or a text has a column of its name. An array has a column for each element, `name[0]`,
`name[1]`, … in row-major order; where it is the only input, any table of as many columns will do.
A dictionary has a column for each key, `name[key]`.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import LastmileError, PackageBroken, RowsRefused, nearest, raise_faults
from lastmile.exporting.coreml.reference.values import Dictionary

MISSING = frozenset({"", "nan", "na", "n/a", "null", "none"})
"""What stands for a missing number in a text file, in whatever case."""

_LONGEST = 1_000_000


def columns_of(model: Any, frame: pd.DataFrame) -> dict[str, Any]:
    """The inputs of a `Model` message from the rows of a table.

    Numbers may be written as texts. A missing number is NaN, a missing text is empty; so is an
    optional input that has no column.

    Raises:
        RowsRefused, Faults: a column is not there, or a value is not of the declared type.
        PackageBroken: an input is of a kind that has no columns, such as an image.
    """
    inputs = list(model.description.input)
    columns: dict[str, Any] = {}
    absent: list[str] = []
    faults: list[LastmileError] = []
    for one in inputs:
        try:
            columns[one.name] = _input(one, frame, alone=len(inputs) == 1)
        except _Absent as error:
            absent.append(error.column)
        except RowsRefused as error:
            faults.append(error)
    if absent:
        known = [str(column) for column in frame.columns]
        fix = "; ".join(f"`{name}`: {nearest(name, known)}" for name in absent)
        named = ", ".join(f"`{name}`" for name in absent)
        faults.insert(0, RowsRefused(f"the rows have no column {named}", fix=fix))
    raise_faults(faults)
    return columns


class _Absent(Exception):
    """A column is not there; becomes a `RowsRefused` that names all of them."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def _input(declared: Any, frame: pd.DataFrame, *, alone: bool) -> Any:
    kind = declared.type.WhichOneof("Type")
    if declared.type.isOptional and declared.name not in frame.columns and kind == "doubleType":
        return np.full(len(frame), np.nan)
    if kind == "stringType":
        series = _column(frame, declared.name)
        return series.astype(object).where(series.notna(), "").map(str).to_numpy(dtype=object)
    if kind == "doubleType":
        return _numbers(_column(frame, declared.name))
    if kind == "int64Type":
        return _whole(_column(frame, declared.name))
    if kind == "multiArrayType":
        return _array(declared, frame, alone=alone)
    if kind == "dictionaryType":
        return _dictionary(declared, frame)
    raise PackageBroken("the model", f"its input `{declared.name}` is no column ({kind})", fix="")


def _column(frame: pd.DataFrame, name: str) -> "pd.Series[Any]":
    if name not in frame.columns:
        raise _Absent(name)
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise RowsRefused(f"there are {column.shape[1]} columns `{name}`", fix="keep one of them")
    return column


def _numbers(series: "pd.Series[Any]") -> np.ndarray:
    """[N] f64; read by Python's own reader, which takes the nearest number."""
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    read = np.empty(len(series))
    for row, value in enumerate(series):
        try:
            gone = pd.isna(value) or (isinstance(value, str) and value.strip().lower() in MISSING)
            read[row] = math.nan if gone else float(value)
        except (TypeError, ValueError) as error:
            raise RowsRefused(
                f"`{series.name}` is {value!r} in row {row}, which is no number",
                fix="write numbers with a point; leave a missing one empty",
            ) from error
    return read


def _whole(series: "pd.Series[Any]") -> np.ndarray:
    """[N] i64; whole numbers beyond 2^53 are read exactly where they are written as such."""
    read = np.empty(len(series), dtype=np.int64)
    for row, value in enumerate(series.tolist()):
        try:
            whole = int(value) if isinstance(value, str | int) else _exactly(value)
            read[row] = whole
        except (TypeError, ValueError, OverflowError) as error:
            raise RowsRefused(
                f"`{series.name}` is {value!r} in row {row}, which is no whole number of 64 bits",
                fix="Core ML has no missing whole number; every row must give one",
            ) from error
    return read


def _exactly(value: Any) -> int:
    if int(value) != value:
        raise ValueError(value)
    return int(value)


def _array(declared: Any, frame: pd.DataFrame, *, alone: bool) -> np.ndarray:
    shape = tuple(declared.type.multiArrayType.shape)
    width = math.prod(shape)
    if not shape or not 0 < width <= _LONGEST:
        reason = f"its input `{declared.name}` has the shape {shape}"
        raise PackageBroken("the model", reason, fix="use a model whose arrays have a known shape")
    names = [f"{declared.name}[{at}]" for at in range(width)]
    if names[0] not in frame.columns and alone and frame.shape[1] == width:
        parts = [_numbers(frame.iloc[:, at]) for at in range(width)]
    elif width == 1 and declared.name in frame.columns:
        parts = [_numbers(_column(frame, declared.name))]
    else:
        parts = [_numbers(_column(frame, name)) for name in names]
    return np.stack(parts, axis=1).reshape(len(frame), *shape)


def _dictionary(declared: Any, frame: pd.DataFrame) -> Dictionary:
    start = f"{declared.name}["
    found = [str(name) for name in frame.columns if str(name).startswith(start)]
    if not found:
        raise _Absent(f"{start}KEY]")
    keys: list[Any] = [name[len(start) : -1] for name in found]
    if declared.type.dictionaryType.WhichOneof("KeyType") == "int64KeyType":
        try:
            keys = [int(key) for key in keys]
        except ValueError as error:
            raise RowsRefused(f"a key of `{declared.name}` is no whole number") from error
    values = np.stack([_numbers(_column(frame, name)) for name in found], axis=1)
    return Dictionary(tuple(keys), values)


def type_shown(declared: Any) -> str:
    """The type of a feature in words: `number`, `text`, `array of 3 float32`."""
    kind = declared.type.WhichOneof("Type")
    optional = ", optional" if declared.type.isOptional else ""
    if kind == "multiArrayType":
        array = declared.type.multiArrayType
        size = " x ".join(map(str, array.shape)) or "unknown size"
        known = array.ArrayDataType.values()
        element = array.ArrayDataType.Name(array.dataType) if array.dataType in known else "?"
        return f"array of {size} {element.lower()}{optional}"
    if kind == "dictionaryType":
        text = declared.type.dictionaryType.WhichOneof("KeyType") == "stringKeyType"
        return f"a number for each {'text' if text else 'whole number'}{optional}"
    words = {"doubleType": "number", "int64Type": "whole number", "stringType": "text"}
    return words.get(kind, str(kind).removesuffix("Type")) + optional


def table_of(answers: Mapping[str, Any]) -> pd.DataFrame:
    """The answers of `evaluate` as a table, an array or a dictionary with several columns."""
    columns: dict[str, Any] = {}
    for name, answer in answers.items():
        if isinstance(answer, Dictionary):
            columns |= {
                f"{name}[{key}]": answer.values[:, at] for at, key in enumerate(answer.keys)
            }
        elif np.ndim(answer) == 1:
            columns[name] = answer
        else:
            flat = np.asarray(answer).reshape(len(answer), -1)
            columns |= {f"{name}[{at}]": flat[:, at] for at in range(flat.shape[1])}
    return pd.DataFrame(columns)
