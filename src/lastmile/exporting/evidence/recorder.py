"""What every estimator inside an estimator was given, and what it answered, as scikit-learn runs.

A copy is asked; on it the methods of each part note what passes through them. So a difference can
be followed through pipelines, columns side by side, votes and whatever else calls its parts.
"""

import copy
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.evidence.answers import quietly
from lastmile.exporting.signature.outputs import as_table, given_to

METHODS = ("transform", "predict", "predict_proba", "decision_function")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one method: rows in, answer out, both as tables [N, width]; `names` of the in."""

    method: str
    given: np.ndarray
    answer: np.ndarray
    names: tuple[str, ...]


Calls = dict[int, list[Call]]
"""The calls of each part, by the `id` of the part."""


def record_calls(
    estimator: Any, inside: Iterable[Any], rows: pd.DataFrame, methods: Iterable[str]
) -> Calls:
    """Ask a copy of `estimator` the rows, by `methods`, and note the calls of the parts `inside`.

    A part that the copy does not hold has no calls. What scikit-learn raises is not caught.
    """
    memo: dict[int, Any] = {}
    twin = copy.deepcopy(estimator, memo)
    calls: Calls = {}
    for part in inside:
        if id(part) in memo and id(part) not in calls:
            calls[id(part)] = []
            _listen(memo[id(part)], calls[id(part)])
    with quietly():
        for method in methods:
            getattr(twin, method)(given_to(twin, rows))
    return calls


def _listen(part: Any, calls: list[Call]) -> None:
    for method in METHODS:
        if hasattr(part, method):
            setattr(part, method, _noting(getattr(part, method), method, calls))


def _noting(function: Any, method: str, calls: list[Call]) -> Any:
    @functools.wraps(function)
    def noted(rows: Any, *more: Any, **options: Any) -> Any:
        given = _table(rows).copy()
        answer = function(rows, *more, **options)
        if not isinstance(answer, list | tuple):
            calls.append(Call(method, given, _table(answer).copy(), _names(rows)))
        return answer

    return noted


def _table(values: Any) -> np.ndarray:
    return as_table(values.to_numpy() if hasattr(values, "to_numpy") else values)


def _names(rows: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in getattr(rows, "columns", ()))
