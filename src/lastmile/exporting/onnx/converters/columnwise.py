"""Transformers that treat each column by itself, and what trees need to know of them."""

import copy
import warnings
from typing import Any

import numpy as np

from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.origin import Origin, Step
from lastmile.exporting.signature import Kind


def origins_through(estimator: Any, parts: Parts) -> tuple[Origin | None, ...]:
    """Where the columns come from that a monotone `estimator` makes, one of each of `parts`."""
    before = [part.origin(column) for part in parts for column in range(part.width)]
    width = width_of(parts)
    return tuple(
        origin and origin.then(_step(estimator, column, width))
        for column, origin in enumerate(before)
    )


def _step(estimator: Any, column: int, width: int) -> Step:
    """What scikit-learn itself makes of one column; the others are given the same values."""
    estimator, column, width = _alone(estimator, column, width)

    def step(values: np.ndarray) -> np.ndarray:
        table = np.repeat(values[:, None], width, axis=1)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            made = estimator.transform(table)
        return np.asarray(made[:, column], dtype=np.float64)

    return step


_SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")
"""Classes that keep an array with a number for each column, and nothing else about it."""


def _alone(estimator: Any, column: int, width: int) -> tuple[Any, int, int]:
    """A scaler as if it had been fitted to the one column only: that is asked many thresholds."""
    if type(estimator).__name__ not in _SCALERS or width == 1:
        return estimator, column, width
    alone = copy.copy(estimator)
    for name, value in vars(estimator).items():
        if isinstance(value, np.ndarray) and value.shape == (width,):
            setattr(alone, name, value[column : column + 1])
    alone.n_features_in_ = 1
    vars(alone).pop("feature_names_in_", None)
    return alone, 0, 1


def columnwise(name: str, estimator: Any, parts: Parts) -> Parts:
    """One part of what a monotone transformer makes of each column."""
    return (Part(name, Kind.FLOAT, width_of(parts), origins_through(estimator, parts)),)
