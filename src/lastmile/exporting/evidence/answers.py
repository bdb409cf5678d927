"""What each engine answers, in one shape: output name -> array, as `Graph.run` gives it."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import RowsRefused
from lastmile.exporting.signature import Kind, Signature, Task

Answers = dict[str, np.ndarray]


def ask_estimator(estimator: Any, signature: Signature, rows: pd.DataFrame) -> Answers:
    """scikit-learn's own answers: `label` [N], `probabilities` [N, K] f64, `value` [N, width] f64.

    Raises:
        RowsRefused: scikit-learn does not answer such rows.
    """
    given = rows if hasattr(estimator, "feature_names_in_") else rows.to_numpy()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return _ask(estimator, signature, given)
    except Exception as error:  # whatever an estimator raises, it is its answer to these rows
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise RowsRefused(f"scikit-learn refuses such rows: {lines[0][:200]}") from error


def _ask(estimator: Any, signature: Signature, given: Any) -> Answers:
    if signature.task is Task.REGRESS:
        return {"value": _table(estimator.predict(given))}
    if signature.task is Task.TRANSFORM:
        return {"value": _table(estimator.transform(given))}
    label = signature.output("label")
    texts = label is not None and label.kind is Kind.STRING
    predicted = np.asarray(estimator.predict(given))
    answers = {"label": predicted.astype(str) if texts else predicted.astype(np.int64)}
    if signature.output("probabilities"):
        answers["probabilities"] = _table(estimator.predict_proba(given))
    return answers


def _table(answer: Any) -> np.ndarray:
    dense = np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
    return dense.astype(np.float64).reshape(len(dense), -1)


def plain_answer(answers: Answers, row: int) -> dict[str, Any]:
    """One row's answers as plain values for JSON."""
    return {name: values[row].tolist() for name, values in answers.items()}
