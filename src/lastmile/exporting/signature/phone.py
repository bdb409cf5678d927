"""Rows as a phone gives them.

A phone has 32-bit floats with NaN, 64-bit integers, booleans and texts. It writes a missing text as
the empty string and has no missing boolean; a missing integer is a number that the column's
signature names. `encode` makes the runtimes' arrays from raw rows; `as_written` are raw rows again
after a phone wrote them down; `to_json` and `from_json` are raw rows in a file.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from lastmile.errors import RowsRefused, SampleLacksColumn, each

MISSING_TEXT = ""
MISSING = {"float": "NaN", "string": MISSING_TEXT}
"""How a missing value is written in a column of each kind that has one by itself."""


class RawColumn(Protocol):
    """What is known of a column: its name, its kind, and the whole number for a missing one."""

    @property
    def name(self) -> str:
        """Its name in the raw rows."""
        ...

    @property
    def kind(self) -> str:
        """`float`, `int64`, `string` or `bool`."""
        ...

    @property
    def marker(self) -> int | None:
        """The whole number that is written for a missing one."""
        ...


def demand_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise `SampleLacksColumn` unless `frame` has every column."""
    present = [str(name) for name in frame.columns]
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise SampleLacksColumn(missing, present)


def encode(series: "pd.Series[Any]", column: RawColumn, *, wide: bool = False) -> np.ndarray:
    """One column for a runtime: [N, 1] f32, i64, bool, or object holding `str`; f64 where `wide`.

    Raises:
        RowsRefused: a missing integer or boolean, or a value of another type.
    """
    kind = column.kind
    if kind == "string":
        texts = series.astype(object)
        filled = texts.where(series.notna(), MISSING_TEXT)
        return np.array([[str(value)] for value in filled], dtype=object).reshape(-1, 1)
    if kind == "int64" and column.marker is not None:
        series = series.astype(object).where(series.notna(), column.marker).infer_objects()
    if kind != "float" and series.isna().any():
        row = int(np.flatnonzero(series.isna().to_numpy())[0])
        raise RowsRefused(f"`{series.name}` is missing in row {row}, but {kind} has no such value")
    try:
        return (_doubles(series) if wide and kind == "float" else _numbers(series, kind)).reshape(
            -1, 1
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise RowsRefused(f"`{series.name}` does not hold {kind} values: {error}") from error


def _numbers(series: "pd.Series[Any]", kind: str) -> np.ndarray:
    if kind == "float":
        with np.errstate(over="ignore"):
            return _doubles(series).astype(np.float32)
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


def _doubles(series: "pd.Series[Any]") -> np.ndarray:
    """[N] f64, with NaN for a missing number."""
    return pd.to_numeric(series).to_numpy(dtype=np.float64, na_value=np.nan)


def as_written(series: "pd.Series[Any]", column: RawColumn, mark: Any) -> "pd.Series[Any]":
    """A raw column as scikit-learn would see it, had a phone written it down.

    Floats are those that 32 bits hold. An empty text becomes `mark`, which stands for a missing one
    in the sample.
    """
    if column.kind == "float":
        narrow = encode(series, column)[:, 0]
        keep = np.float32 if series.dtype == np.float32 else np.float64
        return pd.Series(narrow.astype(keep), index=series.index, name=series.name)
    if column.kind == "string":
        blank = series.isna() | (series.astype(object) == MISSING_TEXT)
        texts = series.astype(object) if series.dtype == "category" else series
        return texts.where(~blank, mark)
    return series


def to_json(frame: pd.DataFrame, columns: Sequence[RawColumn]) -> list[dict[str, Any]]:
    """The rows as plain values, numbers with all their digits.

    A missing number is None, a missing text the empty string.
    """
    raw = each(lambda column: _plain_values(frame[column.name], column), columns)
    named = {column.name: values for column, values in zip(columns, raw, strict=True)}
    return [
        {name: plain(values[row]) for name, values in named.items()} for row in range(len(frame))
    ]


def _plain_values(series: "pd.Series[Any]", column: RawColumn) -> list[Any]:
    encoded: list[Any] = encode(series, column)[:, 0].tolist()
    return _doubles(series).tolist() if column.kind == "float" else encoded


def from_json(rows: Sequence[dict[str, Any]], given: Sequence[RawColumn]) -> pd.DataFrame:
    """The frame of rows that :func:`to_json` wrote.

    Raises:
        SampleLacksColumn: a row has not all columns.
        RowsRefused: a value is not of its column's kind.
    """
    columns = {}
    for column in given:
        name, kind = column.name, column.kind
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
