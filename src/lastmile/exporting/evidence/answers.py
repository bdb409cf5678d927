"""What each engine answers, in one shape: output name -> array, as `Graph.run` gives it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import RowsRefused
from lastmile.exporting.signature import Kind, Output, Signature, Task
from lastmile.exporting.signature.outputs import as_table, given_to

Answers = dict[str, np.ndarray]


def ask_estimator(estimator: Any, signature: Signature, rows: pd.DataFrame) -> Answers:
    """scikit-learn's own answers by output name: labels [N], all others [N, width] f64.

    Raises:
        RowsRefused: scikit-learn does not answer such rows.
    """
    try:
        with quietly():
            return dict(_ask(estimator, signature, given_to(estimator, rows)))
    except Exception as error:  # whatever an estimator raises, it is its answer to these rows
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise RowsRefused(f"scikit-learn refuses such rows: {lines[0][:200]}") from error


@contextmanager
def quietly() -> Iterator[None]:
    """Ask scikit-learn without its warnings, and in this process whatever its `n_jobs`."""
    import joblib

    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        joblib.parallel_config(backend="threading"),
    ):
        warnings.simplefilter("ignore")
        yield


def _ask(estimator: Any, signature: Signature, given: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Each output's answer; every method is asked once."""
    call = "transform" if signature.task is Task.TRANSFORM else "predict"
    methods = {"probabilities": "predict_proba", "score": "decision_function"}
    several = sum(output.role == "label" for output in signature.outputs) > 1
    asked: dict[str, Any] = {}
    for output in signature.outputs:
        method = methods.get(output.role, call)
        if method not in asked:
            asked[method] = getattr(estimator, method)(given)
        answer = asked[method]
        yield output.name, _shaped(_of_target(answer, output) if several else answer, output)


def _of_target(answer: Any, output: Output) -> Any:
    """One label's part of an answer about several: a list of arrays, or one column of an array."""
    if isinstance(answer, list):
        return answer[output.target]
    column = np.asarray(answer)[:, output.target]
    return np.column_stack([1 - column, column]) if output.role == "probabilities" else column


def _shaped(answer: Any, output: Output) -> np.ndarray:
    if output.role != "label":
        return as_table(answer).astype(np.float64)
    predicted = np.asarray(answer).reshape(-1)
    return predicted.astype(str if output.kind is Kind.STRING else np.int64)


def plain_answer(answers: Answers, row: int) -> dict[str, Any]:
    """One row's answers as plain values for JSON."""
    return {name: values[row].tolist() for name, values in answers.items()}
