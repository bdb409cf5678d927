"""How far two answers are apart.

A probability is compared by its absolute difference. A value is compared relative to the answer
itself, or to the usual size of the estimator's answers where that is larger: an answer near zero
that is the sum of large terms has no more exact digits than those terms. NaN equals NaN, and an
infinity equals only itself.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lastmile.exporting.evidence.answers import Answers

_ROUNDING = 1e-12
"""What the order of a sum of some hundred 64-bit probabilities can change, generously."""


_LEFT_OVER = 4e-15
"""What 64-bit sums leave over of a row's largest number, where another one should be zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """What may differ: labels as a number of rows, probabilities absolutely, values relatively.

    `scale` is the usual size of the values of each column: the root mean square of the answers
    over the sample.
    """

    labels: int = 0
    probability: float = 1e-5
    value: float = 1e-5
    scale: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two engines' answers to the same rows are apart, row by row.

    `relabelled` [N] bool, and `undecided` [N] bool where the label differs but scikit-learn's own
    two best classes are apart by no more than the rounding of its sums; `absolute` and `relative`
    [N] f64, the largest of each row's numbers; `excess` [N] f64 is how many times the tolerance a
    row's numbers are apart.
    """

    relabelled: np.ndarray
    undecided: np.ndarray
    absolute: np.ndarray
    relative: np.ndarray
    excess: np.ndarray

    @property
    def beyond(self) -> np.ndarray:
        """[N] bool: rows whose numbers are outside of the tolerance, whatever the label."""
        return self.excess > 1

    def worst(self, count: int) -> list[int]:
        """The rows furthest apart, those with another label first; rows that agree are left out."""
        order = np.lexsort((-self.absolute, -self.excess, ~self.relabelled))
        apart = self.relabelled | (self.absolute > 0)
        return [int(row) for row in order if apart[row]][:count]


def distance(expected: Answers, got: Answers, tolerance: Tolerances) -> Distance:
    """How far `got` is from `expected`, whose shapes it must have."""
    rows = len(next(iter(expected.values())))
    relabelled = undecided = np.zeros(rows, dtype=bool)
    absolute, relative, excess = (np.zeros(rows) for _ in range(3))
    for name, wanted in expected.items():
        found = got[name]
        role = name.split("_")[0]
        if role == "label":
            other = (
                wanted.astype(found.dtype) != found
                if _both_numbers(wanted, found)
                else (wanted.astype(str) != found.astype(str))
            )
            shares = expected.get(name.replace("label", "probabilities"))
            tied = _tied(shares) if shares is not None else np.zeros(rows, dtype=bool)
            undecided = undecided | (other & tied)
            relabelled = relabelled | (other & ~tied)
            continue
        numbers = role in ("value", "score")
        limit = tolerance.value if numbers else tolerance.probability
        left_over = _LEFT_OVER if numbers and limit else 0.0
        off, share = _differences(wanted, found, tolerance.scale if numbers else (), left_over)
        absolute, relative = np.maximum(absolute, off), np.maximum(relative, share)
        size = share if numbers else off
        excess = np.maximum(excess, _times(size, limit))
    return Distance(relabelled, undecided, absolute, relative, excess)


def _tied(probabilities: np.ndarray) -> np.ndarray:
    """[N] bool: the two best classes differ, but by rounding only; equal ones have a winner."""
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities), dtype=bool)
    best = np.sort(probabilities.astype(np.float64), axis=1)
    ahead = best[:, -1] - best[:, -2]
    return (ahead > 0) & (ahead <= _ROUNDING)


def _both_numbers(first: np.ndarray, second: np.ndarray) -> bool:
    return first.dtype.kind in "iufb" and second.dtype.kind in "iufb"


def _differences(
    wanted: np.ndarray, found: np.ndarray, scale: tuple[float, ...], left_over: float
) -> tuple[np.ndarray, np.ndarray]:
    """[N] largest absolute and largest relative difference of each row."""
    first, second = wanted.astype(np.float64), found.astype(np.float64)
    if found.dtype == np.float32:  # what is too large for 32 bits is endless there
        first = np.where(
            np.abs(first) > np.finfo(np.float32).max, np.copysign(np.inf, first), first
        )
    if first.shape != second.shape:
        endless = np.full(len(first), np.inf)
        return endless, endless
    same = (first == second) | (np.isnan(first) & np.isnan(second))
    finite = np.where(np.isfinite(first), np.abs(first), 0.0)
    with np.errstate(all="ignore"):
        off = np.abs(first - second)
        same |= off <= left_over * finite.max(axis=1, keepdims=True, initial=0.0)
        share = off / np.maximum(np.maximum(np.abs(first), np.abs(second)), scale or 0.0)
    off = np.where(same, 0.0, np.where(np.isfinite(off), off, np.inf))
    share = np.where(same, 0.0, np.where(np.isfinite(share), share, np.inf))
    return off.max(axis=1, initial=0.0), share.max(axis=1, initial=0.0)


def _times(size: np.ndarray, limit: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        times = size / limit
    return np.where(size == 0, 0.0, times) if limit == 0 else times


def usual_size(answers: Answers) -> tuple[float, ...]:
    """The root mean square of each column of numbers, but for zeros; the largest count as others.

    Numbers above the 95th percentile of a column count as that.
    """
    values = np.abs(answers.get("value", answers.get("score", np.zeros((0, 0)))))
    return tuple(_root_mean_square(column) for column in values.T)


def _root_mean_square(column: np.ndarray) -> float:
    sizes = np.sort(column[np.isfinite(column) & (column > 0)])
    if not sizes.size:
        return 0.0
    return float(np.sqrt(np.mean(np.minimum(sizes, sizes[int(0.95 * (len(sizes) - 1))]) ** 2)))


def summary(apart: Distance) -> dict[str, Any]:
    """The figures of a comparison, as plain numbers."""
    return {
        "label_mismatches": int(apart.relabelled.sum()),
        "ties": int(apart.undecided.sum()),
        "rows_beyond_tolerance": int(apart.beyond.sum()),
        "largest_absolute": float(apart.absolute.max(initial=0.0)),
        "largest_relative": float(apart.relative.max(initial=0.0)),
    }
