"""Which raw rows put a question to a model: [N] bool of a frame and the answers to its rows."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

Answers = Mapping[str, np.ndarray]
Puts = Callable[[pd.DataFrame, Answers], np.ndarray]

NEARLY = 1e-4
"""Classes no further apart than this nearly tie."""


def every(frame: pd.DataFrame, _answers: Answers) -> np.ndarray:
    """Nothing in a row alone says so."""
    return np.ones(len(frame), dtype=bool)


def _numbers(frame: pd.DataFrame) -> np.ndarray:
    return frame.select_dtypes("number").to_numpy(dtype=np.float64, na_value=np.nan)


def missing_number(frame: pd.DataFrame, _answers: Answers) -> np.ndarray:
    """A number is missing."""
    return np.asarray(np.isnan(_numbers(frame)).any(axis=1))


def missing_text(frame: pd.DataFrame, _answers: Answers) -> np.ndarray:
    """A text is missing or empty, which on a phone is the same."""
    texts = frame.select_dtypes(exclude=["number", "bool"]).astype(object)
    return np.asarray((texts.isna() | (texts == "")).any(axis=1).to_numpy(dtype=bool))


def zeros(frame: pd.DataFrame, _answers: Answers) -> np.ndarray:
    """All numbers are zero."""
    table = _numbers(frame)
    return np.asarray((table == 0).all(axis=1) & (table.shape[1] > 0))


def beyond_32_bits(frame: pd.DataFrame, _answers: Answers) -> np.ndarray:
    """A number is so large that 32-bit floats do not hold all whole numbers there."""
    return np.asarray((np.abs(_numbers(frame)) > 2.0**24).any(axis=1))


def _lead(frame: pd.DataFrame, answers: Answers) -> np.ndarray:
    """How far the best class is ahead of the second: [N], endless where there are no shares."""
    shares = answers.get("probabilities", np.zeros((len(frame), 0)))
    if shares.ndim != 2 or shares.shape[1] < 2:
        return np.full(len(frame), np.inf)
    best = np.sort(shares.astype(np.float64), axis=1)
    return np.asarray(best[:, -1] - best[:, -2])


def tie(frame: pd.DataFrame, answers: Answers) -> np.ndarray:
    """The two best classes are equally probable."""
    return np.asarray(_lead(frame, answers) == 0)


def tie_if_known(frame: pd.DataFrame, answers: Answers) -> np.ndarray:
    """The two best classes are equally probable; any row where no shares tell."""
    ahead = _lead(frame, answers)
    return np.asarray((ahead == 0) | np.isinf(ahead))


def near_tie(frame: pd.DataFrame, answers: Answers) -> np.ndarray:
    """The two best classes are almost equally probable."""
    return np.asarray(_lead(frame, answers) < NEARLY)
