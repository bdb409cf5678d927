"""What the estimator itself refuses: columns that it takes no gaps in, or no unseen values.

scikit-learn is asked. A column that it refuses a missing value of is required; one that it refuses
an unseen value of is closed to the values that it knows. The exported forms answer such rows all
the same, so the signature has to say that an app must not send them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import RowsRefused
from lastmile.exporting.signature.categories import UNSEEN_TEXT, unseen_value
from lastmile.exporting.signature.outputs import asked
from lastmile.exporting.signature.phone import MISSING_TEXT
from lastmile.exporting.signature.shape import Column, Kind, Task

_ROWS = 8
"""So many rows of the sample are asked, spread over it."""


def with_value(rows: pd.DataFrame, column: Column, value: Any) -> pd.DataFrame:
    """`rows` with one value in the whole column, in a type that can hold it."""
    return rows.assign(**{column.name: _series(rows[column.name], column, value)})


def _series(old: "pd.Series[Any]", column: Column, value: Any) -> "pd.Series[Any]":
    if column.kind is Kind.STRING:
        dtype: Any = object if old.dtype == "category" else old.dtype
    elif column.kind is Kind.INT:
        dtype = np.int64 if column.missing is None else old.dtype
    else:
        dtype = np.float64
    made: pd.Series[Any] = pd.Series([value] * len(old), old.index, dtype=dtype)
    return made


def missing_values(
    estimator: Any, task: Task, sample: pd.DataFrame, columns: Sequence[Column]
) -> dict[str, Any]:
    """Column name -> what a raw row holds for a missing value, where the estimator answers that.

    A column that is not named is required. For a number that is NaN; for a text what the sample
    itself has, else NaN or the empty text, whichever the estimator answers.
    """
    rows = _spread(sample)
    numbers = [column for column in columns if missing_candidates(sample, column) == [np.nan]]
    answered: dict[str, Any] = dict.fromkeys((column.name for column in numbers), np.nan)
    for column in _refused(estimator, task, rows, numbers):
        del answered[column.name]
    for column in columns:
        if column.kind is Kind.STRING:
            for value in missing_candidates(sample, column):
                if _answers(estimator, task, with_value(rows, column, value)):
                    answered[column.name] = value
                    break
    return answered


def missing_candidates(sample: pd.DataFrame, column: Column) -> list[Any]:
    """What may stand for a missing value in a raw row, the likeliest first."""
    series = sample[column.name]
    if column.kind is Kind.STRING:
        own = series[series.isna()]
        if len(own):
            return [own.iloc[0]]
        return [MISSING_TEXT] if (series == MISSING_TEXT).any() else [np.nan, MISSING_TEXT]
    if column.kind is Kind.FLOAT or column.missing is not None:
        return [np.nan]
    return []


def closed_columns(
    estimator: Any, task: Task, sample: pd.DataFrame, columns: Sequence[Column]
) -> set[str]:
    """The columns whose unseen categories the estimator refuses."""
    rows = _spread(sample)
    return {
        column.name
        for column in columns
        if may_be_unseen(column)
        and not _answers(estimator, task, with_value(rows, column, unseen(column)))
    }


def may_be_unseen(column: Column) -> bool:
    """Whether a phone can send a category that was not learned."""
    return column.kind is Kind.STRING or (bool(column.known) and column.kind is not Kind.BOOL)


def unseen(column: Column) -> Any:
    """A value of the column that no encoder has learned."""
    if column.kind is Kind.STRING:
        return UNSEEN_TEXT
    return unseen_value(column.known, whole=column.kind is Kind.INT)


def _refused(
    estimator: Any, task: Task, rows: pd.DataFrame, columns: Sequence[Column]
) -> list[Column]:
    """The columns of numbers that the estimator refuses NaN in: halves of those refused are asked.

    Most estimators refuse none, or all; so this takes few questions however many columns there are.
    """
    if not columns:
        return []
    holes = rows.assign(**{c.name: _series(rows[c.name], c, np.nan) for c in columns})
    if _answers(estimator, task, holes):
        return []
    if len(columns) == 1:
        return list(columns)
    middle = len(columns) // 2
    halves = columns[:middle], columns[middle:]
    return [column for half in halves for column in _refused(estimator, task, rows, half)]


def _answers(estimator: Any, task: Task, rows: pd.DataFrame) -> bool:
    method = "transform" if task is Task.TRANSFORM else "predict"
    try:
        asked(estimator, method, rows)
    except RowsRefused:
        return False
    return True


def _spread(sample: pd.DataFrame) -> pd.DataFrame:
    places = np.linspace(0, len(sample) - 1, min(_ROWS, len(sample))).round().astype(int)
    return sample.iloc[np.resize(places, _ROWS)]
