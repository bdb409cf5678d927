"""Distances between rows and known points, metric by metric.

Differences are taken before they are squared, never |x|^2 - 2 x·c + |c|^2, which loses all digits
far from zero. Metrics whose terms are ratios, powers or angles are computed in 64 bits.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from lastmile.exporting.onnx.converters.floats import Floats

_AT_ONCE = 1 << 16
"""How many differences of one row to hold at a time; further columns are added block by block."""

Params = Mapping[str, Any]
Metric = Callable[[Floats, str, np.ndarray, Params], str]


def distances(floats: Floats, x: str, points: np.ndarray, metric: str, params: Params) -> str:
    """The distance of each row of x [N, C] to each of the points [n, C] f64: [N, n].

    `x` and the result have the width of `floats`. Metrics are called as in scikit-learn.

    Raises:
        NotExportable: the metric is no formula, or its parameters depend on the rows asked.
    """
    if not isinstance(metric, str) or metric not in _METRICS:
        raise floats.writer.refusal(
            f"its metric {metric!r} is no formula that can be written down",
            "use one of scikit-learn's own metrics by its name, such as 'euclidean'",
        )
    strange = {key for key, value in params.items() if value is not None} - _PARAMS.get(
        metric, set()
    )
    if strange:
        raise floats.writer.refusal(f"its metric has the parameters {sorted(strange)}")
    return _METRICS[metric](floats, x, points, params)


def squared(floats: Floats, x: str, points: np.ndarray, weights: Any = None) -> str:
    """Sums of squared differences [N, n], each column's times its weight where there are some."""
    if weights is not None:
        root = np.sqrt(np.asarray(weights, dtype=np.float64))
        return squared(floats, floats("Mul", x, root), points * root)

    def term(difference: str) -> str:
        return floats("Mul", difference, difference)

    return _over_columns(floats, x, points, term)


def _over_columns(
    floats: Floats,
    x: str,
    points: np.ndarray,
    term: Callable[[str], str],
    gather: tuple[str, str] = ("ReduceSum", "Add"),
) -> str:
    """The sum over all columns of `term` of the differences, [N, n].

    `gather` are the operators inside a block of columns, and between blocks.
    """
    centre = _centre(points)
    if centre.any():
        x, points = floats("Sub", x, centre), points - centre
    so_far = ""
    for block in _blocks(*points.shape):
        some = _block(floats, x, points, block, term, gather[0])
        so_far = floats(gather[1], so_far, some) if so_far else some
    return so_far


def _block(
    floats: Floats,
    x: str,
    points: np.ndarray,
    block: np.ndarray,
    term: Callable[[str], str],
    gather: str,
) -> str:
    """What some columns contribute: [N, n]."""
    part = x if len(block) == points.shape[1] else floats("Gather", x, block, axis=1)
    if len(block) == 1:
        return term(floats("Sub", part, points[None, :, block[0]]))
    apart = floats("Sub", floats("Unsqueeze", part, np.array([1])), points[None, :, block])
    return floats.total(term(apart), axis=2, by=gather)


def _blocks(count: int, width: int) -> Iterator[np.ndarray]:
    size = max(1, min(width, _AT_ONCE // max(count, 1)))
    yield from (np.arange(start, min(start + size, width)) for start in range(0, width, size))


def _centre(points: np.ndarray) -> np.ndarray:
    """What to take from each column first: something only where the difference is exact.

    Two 32-bit numbers of one sign that differ by a factor of at most 2 have an exact difference
    (Sterbenz's lemma); other columns stay as they are.
    """
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    near, far = np.minimum(np.abs(low), np.abs(high)), np.maximum(np.abs(low), np.abs(high))
    shifted = (low * high > 0) & (far <= 2 * near)
    middle = np.nanmedian(points, axis=0).astype(np.float32).astype(np.float64)
    return np.where(shifted, middle, 0.0)


# --- metrics ---------------------------------------------------------------------------------


def _euclidean(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return floats("Sqrt", squared(floats, x, points))


def _sqeuclidean(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return squared(floats, x, points, params.get("w"))


def _manhattan(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return _over_columns(floats, x, points, lambda apart: floats("Abs", apart))


def _chebyshev(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return _over_columns(
        floats, x, points, lambda apart: floats("Abs", apart), ("ReduceMax", "Max")
    )


def _minkowski(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    power, weights = float(params.get("p", 2)), params.get("w")
    if weights is not None:
        root = np.asarray(weights, dtype=np.float64) ** (1 / power)
        x, points = floats("Mul", x, root), points * root
    if np.isinf(power):
        return _chebyshev(floats, x, points, params)

    def term(apart: str) -> str:
        return floats("Pow", floats("Abs", apart), np.float64(power))

    return floats("Pow", _over_columns(floats, x, points, term), np.float64(1 / power))


def _seuclidean(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    if params.get("V") is None:
        raise floats.writer.refusal(
            "its variances are those of the rows that are asked together",
            "give them: metric_params={'V': ...}",
        )
    return floats("Sqrt", squared(floats, x, points, 1 / np.asarray(params["V"], dtype=np.float64)))


def _mahalanobis(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    inverse = params.get("VI")
    if inverse is None and params.get("V") is not None:
        inverse = np.linalg.inv(np.asarray(params["V"], dtype=np.float64))
    if inverse is None:
        raise floats.writer.refusal(
            "its covariance is that of the rows that are asked together",
            "give its inverse: metric_params={'VI': ...}",
        )
    factor = quadratic_factor(np.asarray(inverse, dtype=np.float64))
    centre = points.mean(axis=0)
    turned = floats("MatMul", floats.less(x, centre), factor)
    return _euclidean(floats, turned, (points - centre) @ factor, {})


def quadratic_factor(matrix: np.ndarray) -> np.ndarray:
    """F such that v·matrix·v is the squared length of v·F, for a matrix without negative values."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _nan_euclidean(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    """Squared differences where both are known, scaled up to all columns; NaN where none is."""
    there = ~np.isnan(points)
    gone = floats("IsNaN", x)
    known = floats.flags(floats("Not", gone))
    x = floats("Where", gone, np.array([0.0]), x)
    filled = np.where(there, points, 0.0)
    pairs = floats("MatMul", known, there.T.astype(np.float64))
    x3, known3 = (floats("Unsqueeze", one, np.array([1])) for one in (x, known))
    apart = floats("Mul", floats("Sub", x3, filled[None]), there[None].astype(np.float64))
    apart = floats("Mul", apart, known3)
    total = floats.total(floats("Mul", apart, apart), axis=2)
    mean = floats("Div", total, floats("Max", pairs, np.array([1.0])))
    result = floats("Sqrt", floats("Mul", mean, np.array([float(points.shape[1])])))
    none = floats("Less", pairs, np.array([0.5]))
    return floats("Where", none, np.array([np.nan]), result)


def _cosine(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return floats("Sub", np.array([1.0]), cosines(floats, x, points))


def cosines(floats: Floats, x: str, points: np.ndarray) -> str:
    """The cosine between each row and each point; 0 where either has no length."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    own = floats.total(x, keep=True, by="ReduceL2")
    none = floats("Equal", own, np.array([0.0]))
    unit = floats("Div", x, floats("Where", none, np.array([1.0]), own))
    return floats("MatMul", unit, (points / lengths).T)


def _correlation(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    middle = floats.total(x, keep=True, by="ReduceMean")
    return _cosine(floats, floats("Sub", x, middle), points - points.mean(1, keepdims=True), {})


def _canberra(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    apart, sizes = _apart_and_sizes(floats, x, points)
    none = floats("Equal", sizes, np.array([0.0]))
    shares = floats("Div", apart, floats("Where", none, np.array([1.0]), sizes))
    return floats.total(shares, axis=2)


def _apart_and_sizes(floats: Floats, x: str, points: np.ndarray) -> tuple[str, str]:
    """|x - c| and |x| + |c|, [N, n, C]."""
    rows = floats("Unsqueeze", x, np.array([1]))
    apart = floats("Abs", floats("Sub", rows, points[None]))
    return apart, floats("Add", floats("Abs", rows), np.abs(points)[None])


def _braycurtis(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    """Σ |x - c| over Σ (|x| + |c|), as scikit-learn's own searches compute it."""
    apart, sizes = (floats.total(one, axis=2) for one in _apart_and_sizes(floats, x, points))
    none = floats("Equal", sizes, np.array([0.0]))
    return floats("Div", apart, floats("Where", none, np.array([1.0]), sizes))


def _hamming(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    """The share of columns that differ by more than 32-bit arithmetic before them explains."""
    rows = floats("Unsqueeze", x, np.array([1]))
    apart = floats("Abs", floats("Sub", rows, points[None]))
    limit = params.get("slack", 0.0) * np.abs(points)[None]
    other = floats.flags(floats("Greater", apart, limit))
    weights = params.get("w")
    if weights is not None:
        share = np.asarray(weights, dtype=np.float64) / np.sum(weights)
        return floats.total(floats("Mul", other, share), axis=2)
    return floats.total(other, axis=2, by="ReduceMean")


def _haversine(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    """The angle on a sphere between two places, each a latitude and a longitude in radians.

    The arc tangent of sine over cosine keeps the digits that the arc sine loses near half a turn.
    """
    rows = floats("Unsqueeze", x, np.array([1]))
    half = floats("Sin", floats("Mul", floats("Sub", rows, points[None]), np.array([0.5])))
    latitude = floats("Cos", floats("Gather", x, np.array([0]), axis=1))
    product = floats("Mul", latitude, np.cos(points[None, :, 0]))
    squares = floats("Mul", half, half)
    up = floats("Gather", squares, np.array(0), axis=2)
    along = floats("Mul", product, floats("Gather", squares, np.array(1), axis=2))
    total = floats("Add", up, along)
    rest = floats("Sub", np.array([1.0]), total)
    slope = floats("Div", floats("Sqrt", total), floats("Sqrt", rest))
    half = floats.take(floats.writer("Atan", floats.give(slope)))
    return floats("Mul", half, np.array([2.0]))


def _truths(name: str) -> Metric:
    """A metric of truth values, where a number is true unless it is 0."""

    def metric(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
        truth = (points != 0).astype(np.float64)
        own = floats.flags(floats("Not", floats("Equal", x, np.array([0.0]))))
        both = floats("MatMul", own, truth.T)
        only_x = floats("Sub", floats.total(own, keep=True), both)
        only_point = floats("Sub", truth.sum(axis=1)[None], both)
        return _compared(floats, name, both, only_x, only_point, float(points.shape[1]))

    return metric


def _compared(
    floats: Floats, name: str, both: str, only_x: str, only_point: str, width: float
) -> str:
    one, two = np.array([1.0]), np.array([2.0])
    other = floats("Add", only_x, only_point)
    if name == "russellrao":
        return floats("Div", floats("Sub", np.array([width]), both), np.array([width]))
    if name == "yule":
        above = floats("Mul", two, floats("Mul", only_x, only_point))
        neither = floats("Sub", np.array([width]), floats("Add", both, other))
        below = floats("Add", floats("Mul", both, neither), floats("Mul", only_x, only_point))
    elif name in ("rogerstanimoto", "sokalmichener"):
        above, below = floats("Mul", two, other), floats("Add", np.array([width]), other)
    elif name == "sokalsneath":
        above = floats("Mul", two, other)
        below = floats("Add", both, above)
    else:
        times = two if name == "dice" else one
        above, below = other, floats("Add", floats("Mul", times, both), other)
    none = floats("Equal", above, np.array([0.0]))
    return floats("Div", above, floats("Where", none, one, below))


_PARAMS: Mapping[str, set[str]] = {
    "minkowski": {"p", "w"},
    "p": {"p", "w"},
    "seuclidean": {"V"},
    "mahalanobis": {"V", "VI"},
    "sqeuclidean": {"w"},
    "hamming": {"w", "slack"},
}

_TRUTHS = ("jaccard", "dice", "rogerstanimoto", "russellrao", "sokalsneath")

_METRICS: Mapping[str, Metric] = {
    "euclidean": _euclidean,
    "l2": _euclidean,
    "sqeuclidean": _sqeuclidean,
    "manhattan": _manhattan,
    "l1": _manhattan,
    "cityblock": _manhattan,
    "chebyshev": _chebyshev,
    "infinity": _chebyshev,
    "minkowski": _minkowski,
    "p": _minkowski,
    "seuclidean": _seuclidean,
    "mahalanobis": _mahalanobis,
    "nan_euclidean": _nan_euclidean,
    "cosine": _cosine,
    "correlation": _correlation,
    "canberra": _canberra,
    "braycurtis": _braycurtis,
    "hamming": _hamming,
    "haversine": _haversine,
    **{name: _truths(name) for name in (*_TRUTHS, "sokalmichener", "yule")},
}
