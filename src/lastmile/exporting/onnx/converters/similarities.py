"""Kernels: how alike rows and known points are, as scikit-learn's `pairwise_kernels` says."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lastmile.exporting.onnx.converters.distances import cosines, distances, squared
from lastmile.exporting.onnx.converters.floats import Floats, is_small

Params = Mapping[str, Any]
Kernel = Callable[[Floats, str, np.ndarray, Params], str]


def kernel(floats: Floats, x: str, points: np.ndarray, name: Any, params: Params) -> str:
    """The kernel between each row of x [N, C] and each of the points [n, C] f64: [N, n].

    A `precomputed` kernel is the row itself, as the caller gave it. Parameters that a kernel does
    not have are left out, as scikit-learn does.

    Raises:
        NotExportable: the kernel is a function of the caller's.
    """
    if not isinstance(name, str) or name not in _KERNELS:
        raise floats.writer.refusal(
            f"its kernel {name!r} is no formula that can be written down",
            "use one of scikit-learn's own kernels by its name, such as 'rbf'",
        )
    given = {key: value for key, value in params.items() if value is not None}
    return _KERNELS[name](floats, x, points, given)


def _gamma(points: np.ndarray, params: Params) -> np.ndarray:
    return np.array([float(params.get("gamma", 1.0 / points.shape[1]))])


def _linear(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return floats("MatMul", x, points.T)


def _affine(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    product = floats("MatMul", x, points.T * _gamma(points, params))
    return floats("Add", product, np.array([float(params.get("coef0", 1.0))]))


def _poly(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    power = np.array(float(params.get("degree", 3)))
    return floats("Pow", _affine(floats, x, points, params), power)


def _sigmoid(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return floats("Tanh", _affine(floats, x, points, params))


def _rbf(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    apart = _multiplied_out(floats, x, points) if floats.wide else squared(floats, x, points)
    return floats("Exp", floats("Mul", apart, -_gamma(points, params)))


def _multiplied_out(floats: Floats, x: str, points: np.ndarray) -> str:
    """Squared distances as |x|² - 2 x·c + |c|², around the middle of the points: [N, n].

    One product of matrices, where differences would be [N, n, C] numbers. In 64 bits what cancels
    leaves more digits than a kernel, which is at most 1, needs. Columns of small whole numbers, as
    one-hot encoders make them, stay as they are and are stored in a byte each.
    """
    whole = np.array([is_small(points[:, at]) for at in range(points.shape[1])])
    if not whole.all():
        middle = np.where(whole, 0.0, points.mean(axis=0))
        x, points = floats("Sub", x, middle), points - middle
    total = floats("ReduceSumSquare", x, np.array([1]), keepdims=1)
    total = floats("Add", total, (points**2).sum(axis=1)[None, :])
    for columns in (np.flatnonzero(whole), np.flatnonzero(~whole)):
        if len(columns):
            part = x if len(columns) == len(whole) else floats("Gather", x, columns, axis=1)
            twice = floats("MatMul", part, points[:, columns].T)
            total = floats("Sub", total, floats("Add", twice, twice))
    return floats("Max", total, np.array([0.0]))


def _laplacian(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    apart = distances(floats, x, points, "manhattan", {})
    return floats("Exp", floats("Mul", apart, -_gamma(points, params)))


def _cosine(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return cosines(floats, x, points)


def _additive_chi2(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    """-Σ (x - c)^2 / (x + c), without the columns where both are 0."""
    rows = floats("Unsqueeze", x, np.array([1]))
    apart, both = floats("Sub", rows, points[None]), floats("Add", rows, points[None])
    none = floats("Equal", both, np.array([0.0]))
    below = floats("Where", none, np.array([1.0]), both)
    shares = floats("Div", floats("Mul", apart, apart), below)
    return floats("Neg", floats.total(shares, axis=2))


def _chi2(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    gamma = np.array([float(params.get("gamma", 1.0))])
    return floats("Exp", floats("Mul", _additive_chi2(floats, x, points, params), gamma))


def _precomputed(floats: Floats, x: str, points: np.ndarray, params: Params) -> str:
    return x


_KERNELS: Mapping[str, Kernel] = {
    "linear": _linear,
    "poly": _poly,
    "polynomial": _poly,
    "rbf": _rbf,
    "laplacian": _laplacian,
    "sigmoid": _sigmoid,
    "cosine": _cosine,
    "chi2": _chi2,
    "additive_chi2": _additive_chi2,
    "precomputed": _precomputed,
}
