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
from lastmile.exporting.signature.categories import (
    ENCODERS,
    UNSEEN_TEXT,
    readers_of,
    unseen_value,
)
from lastmile.exporting.signature.outputs import asked
from lastmile.exporting.signature.parts import parts, raw_names
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
    itself has, else NaN, None if that is looked for, or the empty text, whichever is answered.
    """
    asking = _Asking(estimator, task, sample)
    open_ = {column.name: missing_candidates(sample, column) for column in columns}
    if any(getattr(part, "missing_values", "") is None for _, part in parts(estimator)):
        open_ = {
            name: [values[0], None, *values[1:]] if len(values) > 1 else values
            for name, values in open_.items()
        }
    answered: dict[str, Any] = {}
    while any(open_.values()):
        tried = [(column, open_[column.name].pop(0)) for column in columns if open_[column.name]]
        refused = asking.refused(tried)
        for column, value in tried:
            if column.name not in refused:
                answered[column.name] = value
                open_[column.name] = []
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
    tried = [(column, unseen(column)) for column in columns if may_be_unseen(column)]
    return _Asking(estimator, task, sample).refused(tried)


def may_be_unseen(column: Column) -> bool:
    """Whether a phone can send a category that was not learned."""
    return column.kind is Kind.STRING or (bool(column.known) and column.kind is not Kind.BOOL)


def unseen(column: Column) -> Any:
    """A value of the column that no encoder has learned."""
    if column.kind is Kind.STRING:
        return UNSEEN_TEXT
    return unseen_value(column.known, whole=column.kind is Kind.INT)


class _Asking:
    """Questions to an estimator about a few rows of its sample with other values in them."""

    def __init__(self, estimator: Any, task: Task, sample: pd.DataFrame) -> None:
        self._estimator = estimator
        self._method = "transform" if task is Task.TRANSFORM else "predict"
        self._rows = _spread(sample)
        self._names = raw_names(estimator, [str(name) for name in sample.columns])

    def refused(self, tried: "Sequence[Tried]") -> set[str]:
        """The names of the columns whose value is refused.

        All are asked at once first. Then columns that one class of scikit-learn reads as one array
        are asked together: it checks them alike, so one of them speaks for all.
        """
        if not tried or self._answers(tried):
            return set()
        refused: set[str] = set()
        for group in self._alike(tried):
            if not self._answers(group) and not self._answers(group[:1]):
                refused |= {column.name for column, _ in group}
            else:
                alone = ([one] for one in group if not self._answers([one]))
                refused |= {column.name for ((column, _),) in alone}
        return refused

    def _alike(self, tried: "Sequence[Tried]") -> "list[list[Tried]]":
        readers: dict[str, list[int]] = {}
        own: set[str] = set()
        for reader in readers_of(self._estimator, range(len(self._names))):
            for position in reader.positions:
                name = self._names[position]
                readers.setdefault(name, []).append(id(reader.estimator))
                if not _checks_alike(reader.estimator):
                    own.add(name)
        groups: dict[Any, list[Tried]] = {}
        for column, value in tried:
            key = column.name if column.name in own else (*readers.get(column.name, ()), str(value))
            groups.setdefault(key, []).append((column, value))
        return list(groups.values())

    def _answers(self, tried: "Sequence[Tried]") -> bool:
        changed = {c.name: _series(self._rows[c.name], c, value) for c, value in tried}
        try:
            asked(self._estimator, self._method, self._rows.assign(**changed))
        except RowsRefused:
            return False
        return True


Tried = tuple[Column, Any]
"""A column, and a value that it might hold."""


def _checks_alike(reader: Any) -> bool:
    """Whether a reader is of scikit-learn, which checks all columns of an array in one way."""
    kind = type(reader)
    return kind.__module__.startswith("sklearn.") and kind.__name__ not in (
        "FunctionTransformer", *ENCODERS
    )  # fmt: skip


def _spread(sample: pd.DataFrame) -> pd.DataFrame:
    places = np.linspace(0, len(sample) - 1, min(_ROWS, len(sample))).round().astype(int)
    return sample.iloc[np.resize(places, _ROWS)]
