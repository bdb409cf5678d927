"""Kernels of Gaussian processes, between rows and training rows and of a row with itself.

Source: `__call__` and `diag` of each class in scikit-learn's `gaussian_process/kernels.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lastmile.exporting.onnx.converters.distances import squared
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.converters.similarities import kernel

Between = Callable[[Floats, str, np.ndarray, Any], str]
Itself = Callable[[Floats, str, Any], str]


def between(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    """The kernel between each row of x [N, C] and each of the points [n, C] f64: [N, n].

    Raises:
        NotExportable: the kernel is not one of scikit-learn's, or is no formula.
    """
    return _known(floats, covariance)[0](floats, x, points, covariance)


def itself(floats: Floats, x: str, covariance: Any) -> str:
    """The kernel of each row of x [N, C] with itself, [N, 1] or [1, 1].

    Raises:
        NotExportable: the kernel is not one of scikit-learn's, or is no formula.
    """
    return _known(floats, covariance)[1](floats, x, covariance)


def _known(floats: Floats, covariance: Any) -> tuple[Between, Itself]:
    kind = type(covariance)
    if kind.__name__ not in _KERNELS or not kind.__module__.startswith("sklearn."):
        raise floats.writer.refusal(
            f"its kernel {kind.__name__} is not one of scikit-learn's",
            "build the kernel of those in sklearn.gaussian_process.kernels",
        )
    return _KERNELS[kind.__name__]


def _one(floats: Floats, x: str, covariance: Any) -> str:
    return floats.constant(np.ones((1, 1)))


def _constant(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    return floats.constant(np.full((1, len(points)), float(covariance.constant_value)))


def _constant_itself(floats: Floats, x: str, covariance: Any) -> str:
    return floats.constant(np.full((1, 1), float(covariance.constant_value)))


def _white(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    """Noise is never shared by two rows."""
    return floats.constant(np.zeros((1, len(points))))


def _white_itself(floats: Floats, x: str, covariance: Any) -> str:
    return floats.constant(np.full((1, 1), float(covariance.noise_level)))


def _apart(floats: Floats, x: str, points: np.ndarray, scale: Any) -> str:
    """Squared distances in units of `scale`, one for all columns or one for each."""
    units = np.broadcast_to(np.asarray(scale, dtype=np.float64), points.shape[1:])
    return squared(floats, x, points, weights=1 / units**2)


def _rbf(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    apart = _apart(floats, x, points, covariance.length_scale)
    return floats("Exp", floats("Mul", apart, np.array([-0.5])))


def _matern(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    """The smoothness 1/2, 3/2, 5/2 and infinite; others need Bessel functions."""
    nu = covariance.nu
    if nu == np.inf:
        return _rbf(floats, x, points, covariance)
    if nu not in (0.5, 1.5, 2.5):
        raise floats.writer.refusal(
            f"its Matern kernel with nu={nu} is a Bessel function",
            "use nu=0.5, nu=1.5, nu=2.5 or nu=np.inf",
        )
    distance = floats("Sqrt", _apart(floats, x, points, covariance.length_scale))
    apart = floats("Mul", distance, np.array([np.sqrt(2 * nu)]))
    fading = floats("Exp", floats("Neg", apart))
    if nu == 0.5:
        return fading
    polynomial = floats("Add", apart, np.array([1.0]))
    if nu == 2.5:
        square = floats("Mul", floats("Mul", apart, apart), np.array([1 / 3]))
        polynomial = floats("Add", polynomial, square)
    return floats("Mul", polynomial, fading)


def _rational(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    scale = covariance.length_scale * np.sqrt(2 * covariance.alpha)
    apart = floats("Add", _apart(floats, x, points, scale), np.array([1.0]))
    return floats("Pow", apart, np.array(-float(covariance.alpha)))


def _periodic(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    distance = floats("Sqrt", _apart(floats, x, points, 1.0))
    wave = floats("Sin", floats("Mul", distance, np.array([np.pi / covariance.periodicity])))
    wave = floats("Mul", wave, np.array([1 / float(covariance.length_scale)]))
    return floats("Exp", floats("Mul", floats("Mul", wave, wave), np.array([-2.0])))


def _dot(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    product = floats("MatMul", x, points.T)
    return floats("Add", product, np.array([float(covariance.sigma_0) ** 2]))


def _dot_itself(floats: Floats, x: str, covariance: Any) -> str:
    return floats("Add", _length(floats, x), np.array([float(covariance.sigma_0) ** 2]))


def _length(floats: Floats, x: str) -> str:
    """The squared length of each row, [N, 1]."""
    return floats.total(floats("Mul", x, x), keep=True)


def _pairwise(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    return kernel(floats, x, points, covariance.metric, _params(covariance))


def _params(covariance: Any) -> Mapping[str, Any]:
    return {"gamma": covariance.gamma, **(covariance.pairwise_kernels_kwargs or {})}


def _pairwise_itself(floats: Floats, x: str, covariance: Any) -> str:
    """1 for kernels of a distance; for kernels of a product the same formula of its square."""
    if covariance.metric in ("rbf", "laplacian", "chi2"):
        return _one(floats, x, covariance)
    if covariance.metric not in _OF_LENGTH:
        raise floats.writer.refusal(
            f"its pairwise kernel {covariance.metric!r} has no formula for a row with itself",
            "use the kernel RBF",
        )
    return kernel(
        floats, _length(floats, x), np.ones((1, 1)), covariance.metric, _params(covariance)
    )


_OF_LENGTH = ("linear", "poly", "polynomial", "sigmoid")


def _of_two(operator: str) -> tuple[Between, Itself]:
    def pair(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
        first = between(floats, x, points, covariance.k1)
        return floats(operator, first, between(floats, x, points, covariance.k2))

    def single(floats: Floats, x: str, covariance: Any) -> str:
        return floats(operator, itself(floats, x, covariance.k1), itself(floats, x, covariance.k2))

    return pair, single


def _power(floats: Floats, x: str, points: np.ndarray, covariance: Any) -> str:
    inner = between(floats, x, points, covariance.kernel)
    return floats("Pow", inner, np.array(float(covariance.exponent)))


def _power_itself(floats: Floats, x: str, covariance: Any) -> str:
    return floats("Pow", itself(floats, x, covariance.kernel), np.array(float(covariance.exponent)))


_KERNELS: Mapping[str, tuple[Between, Itself]] = {
    "ConstantKernel": (_constant, _constant_itself),
    "DotProduct": (_dot, _dot_itself),
    "ExpSineSquared": (_periodic, _one),
    "Exponentiation": (_power, _power_itself),
    "Matern": (_matern, _one),
    "PairwiseKernel": (_pairwise, _pairwise_itself),
    "Product": _of_two("Mul"),
    "RBF": (_rbf, _one),
    "RationalQuadratic": (_rational, _one),
    "Sum": _of_two("Add"),
    "WhiteKernel": (_white, _white_itself),
}
