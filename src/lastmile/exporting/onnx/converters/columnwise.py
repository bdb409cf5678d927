"""Transformers that treat each column by itself, and what trees need to know of them."""

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

    def step(values: np.ndarray) -> np.ndarray:
        table = np.repeat(values[:, None], width, axis=1)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            made = estimator.transform(table)
        return np.asarray(made[:, column], dtype=np.float64)

    return step


def columnwise(name: str, estimator: Any, parts: Parts) -> Parts:
    """One part of what a monotone transformer makes of each column."""
    return (Part(name, Kind.FLOAT, width_of(parts), origins_through(estimator, parts)),)
