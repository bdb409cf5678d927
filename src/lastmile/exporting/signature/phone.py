"""Rows as a phone gives them.

A phone has 32-bit floats with NaN, 64-bit integers, booleans and texts; it has no missing integer,
no missing boolean, and writes a missing text as the empty string. `encode` makes the runtimes'
arrays; `as_given` makes the frame that scikit-learn must be asked with for a fair comparison;
`to_json` and `from_json` are the same rows in a file.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import RowsRefused, SampleLacksColumn, each

MISSING_TEXT = ""


def demand_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise `SampleLacksColumn` unless `frame` has every column."""
    present = [str(name) for name in frame.columns]
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise SampleLacksColumn(missing, present)


def encode(series: "pd.Series[Any]", kind: str) -> np.ndarray:
    """One column for a runtime: [N, 1] f32, i64, bool, or object holding `str`.

    Raises:
        RowsRefused: a missing integer or boolean, or a value of another type.
    """
    if kind == "string":
        texts = series.astype(object)
        filled = texts.where(series.notna(), MISSING_TEXT)
        return np.array([[str(value)] for value in filled], dtype=object).reshape(-1, 1)
    if kind != "float" and series.isna().any():
        row = int(np.flatnonzero(series.isna().to_numpy())[0])
        raise RowsRefused(f"`{series.name}` is missing in row {row}, but {kind} has no such value")
    try:
        return _numbers(series, kind).reshape(-1, 1)
    except (TypeError, ValueError, OverflowError) as error:
        raise RowsRefused(f"`{series.name}` does not hold {kind} values: {error}") from error


def _numbers(series: "pd.Series[Any]", kind: str) -> np.ndarray:
    if kind == "float":
        plain = pd.to_numeric(series).to_numpy(dtype=np.float64, na_value=np.nan)
        with np.errstate(over="ignore"):
            return plain.astype(np.float32)
    plain = series.to_numpy()
    if kind == "int64":
        whole = plain.astype(np.int64)
        if (whole != plain).any():
            row = int(np.flatnonzero(whole != plain)[0])
            raise ValueError(f"{plain[row]} in row {row} is not a whole number")
        return whole
    if not set(pd.unique(series)) <= {True, False}:
        row, other = next((n, value) for n, value in enumerate(plain) if value not in (True, False))
        raise ValueError(f"{other!r} in row {row} is neither true nor false")
    return plain.astype(np.bool_)


def as_given(frame: pd.DataFrame, kinds: dict[str, str], marks: Mapping[str, Any]) -> pd.DataFrame:
    """`frame` as scikit-learn would see it, had its rows come from a phone.

    Floats are rounded to float32. Texts that are missing or empty become the column's mark in
    `marks`: what the estimator knows for a missing text.
    """
    given: dict[str, pd.Series[Any]] = {}
    for name, kind in kinds.items():
        series = frame[name]
        if kind == "float":
            narrow = encode(series, kind)[:, 0]
            keep = np.float32 if series.dtype == np.float32 else np.float64
            given[name] = pd.Series(narrow.astype(keep), index=frame.index, name=name)
        elif kind == "string" and name in marks:
            blank = series.isna() | (series.astype(object) == MISSING_TEXT)
            plain_texts = series.astype(object) if series.dtype == "category" else series
            given[name] = plain_texts.where(~blank, marks[name])
    return frame.assign(**given)


def to_json(frame: pd.DataFrame, kinds: dict[str, str]) -> list[dict[str, Any]]:
    """The rows as plain values: a missing number is None, a missing text the empty string."""
    arrays = each(lambda name: encode(frame[name], kinds[name]), kinds)
    columns = {name: array[:, 0].tolist() for name, array in zip(kinds, arrays, strict=True)}
    return [
        {name: plain(values[row]) for name, values in columns.items()} for row in range(len(frame))
    ]


def from_json(rows: Sequence[dict[str, Any]], kinds: dict[str, str]) -> pd.DataFrame:
    """The frame of rows that :func:`to_json` wrote.

    Raises:
        SampleLacksColumn: a row has not all columns.
        RowsRefused: a value is not of its column's kind.
    """
    columns = {}
    for name, kind in kinds.items():
        for row in rows:
            if name not in row:
                raise SampleLacksColumn([name], list(row))
        values = [number(row[name]) if kind == "float" else row[name] for row in rows]
        if kind != "float" and not all(isinstance(value, _PLAIN[kind]) for value in values):
            raise RowsRefused(f"`{name}` does not hold {kind} values")
        columns[name] = pd.Series(values, dtype=_DTYPES[kind], name=name)
    return pd.DataFrame(columns)


_PLAIN: dict[str, type] = {"string": str, "int64": int, "bool": bool}
_DTYPES: dict[str, Any] = {"float": np.float64, "int64": np.int64, "bool": bool, "string": object}
_INFINITE = {"Infinity": np.inf, "-Infinity": -np.inf}


def plain(value: Any) -> Any:
    """Values for strict JSON, however nested: NaN becomes None, infinities become words."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if not isinstance(value, float) or np.isfinite(value):
        return value
    return None if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def number(value: Any) -> float:
    """The number that :func:`plain` wrote.

    Raises:
        RowsRefused: it is none.
    """
    if value is None:
        return float("nan")
    if isinstance(value, str) and value in _INFINITE:
        return float(_INFINITE[value])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowsRefused(f"{value!r} is not a number")
    return float(value)
