"""Gaussian processes: the mean of a regressor, the probabilities of a classifier.

The weights of a process are large and cancel, so everything is computed in 64 bits.

Source: algorithms 2.1 and 3.2 of Rasmussen and Williams, "Gaussian Processes for Machine Learning",
as scikit-learn's `gaussian_process` writes them.
"""

from functools import cache
from math import factorial
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.covariances import between, itself
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


@converts("GaussianProcessRegressor")
def regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of the process, in the units of the target."""
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    points = _numbers(writer, estimator.X_train_)
    weights = np.asarray(estimator.alpha_, dtype=np.float64).reshape(len(points), -1)
    mean = floats("MatMul", between(floats, x, points, estimator.kernel_), weights)
    scaled = floats("Mul", mean, np.atleast_1d(np.asarray(estimator._y_train_std, np.float64)))
    moved = floats("Add", scaled, np.atleast_1d(np.asarray(estimator._y_train_mean, np.float64)))
    # A kernel that is the same for all rows would leave one row only.
    alone = floats("Mul", floats("Gather", x, np.array([0]), axis=1), np.array([0.0]))
    return Answer(value=floats.give(floats("Add", moved, alone)))


@converts("GaussianProcessClassifier")
def classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Two classes: one process; more: one for each class, whose probabilities are shared out."""
    classes = plain_classes(estimator.classes_)
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    if len(classes) == 2:
        mean, share = _share(floats, x, estimator.base_estimator_)
        both = floats("Concat", floats("Sub", np.array([1.0]), share), share, axis=1)
        # Far from the training rows both are one half, and the sign of a tiny mean decides.
        sides = floats("Concat", floats("Neg", mean), mean, axis=1)
        index = writer("ArgMax", sides, axis=1, keepdims=0)
        return Answer(index=index, classes=classes, probabilities=floats.give(both))
    if estimator.multi_class == "one_vs_one":
        raise writer.refusal(
            "one process for each pair of classes gives no probabilities",
            "set multi_class='one_vs_rest'",
        )
    own = [_share(floats, x, inner)[1] for inner in estimator.base_estimator_.estimators_]
    together = floats("Concat", *own, axis=1)
    shares = floats.give(floats("Div", together, floats.total(together, keep=True)))
    return Answer(
        index=writer("ArgMax", together, axis=1, keepdims=0), classes=classes, probabilities=shares
    )


def _numbers(writer: Writer, rows: Any) -> np.ndarray:
    try:
        return np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise writer.refusal("its rows are not numbers") from error


# The logistic function as a sum of five error functions (Williams and Barber, "Bayesian
# Classification with Gaussian Processes", appendix A), with the numbers that scikit-learn has.
_RATES = np.array([[0.41, 0.4, 0.37, 0.44, 0.39]])
_SIZES = np.array(
    [[-1854.8214151], [3516.89893646], [221.29346712], [128.12323805], [-2010.49422654]]
)


def _share(floats: Floats, x: str, process: Any) -> tuple[str, str]:
    """Mean and probability of the second class, [N, 1] each, of one process for two classes."""
    points = _numbers(floats.writer, process.X_train_)
    alike = between(floats, x, points, process.kernel_)
    weights = np.asarray(process.y_train_ - process.pi_, dtype=np.float64)[:, None]
    mean = floats("MatMul", alike, weights)
    variance = _variance(floats, x, alike, process)
    widened = floats("Add", floats("Mul", variance, 2 * _RATES**2), np.array([1.0]))
    arguments = floats("Div", floats("Mul", mean, _RATES), floats("Sqrt", widened))
    terms = floats("MatMul", error_function(floats, arguments), _SIZES / 2)
    return mean, floats("Add", terms, np.array([_SIZES.sum() / 2]))


def _variance(floats: Floats, x: str, alike: str, process: Any) -> str:
    """[N, 1]: what the row's own kernel leaves after all that the training rows explain."""
    from scipy.linalg import solve_triangular

    explained = solve_triangular(process.L_, np.diag(process.W_sr_), lower=True).T
    turned = floats("MatMul", alike, explained)
    known = floats.total(turned, keep=True, by="ReduceSumSquare")
    return floats("Sub", itself(floats, x, process.kernel_), known)


_TERMS = 26
_FAR = 6.0
"""Beyond this the error function is 1 in 64 bits."""

_CLOSE = 0.5
"""Below this Taylor's series has all digits, even of the smallest numbers."""


@cache
def _scaled_tail() -> list[float]:
    """Chebyshev's coefficients of erfc(z) · exp(z²) over t in [-1, 1]; z is 2 (1 - t) / (1 + t)."""
    from numpy.polynomial import chebyshev
    from scipy.special import erfcx

    t = chebyshev.chebpts1(4 * _TERMS)
    return [float(one) for one in chebyshev.chebfit(t, erfcx(2 * (1 - t) / (1 + t)), _TERMS)]


def error_function(floats: Floats, z: str) -> str:
    """Erf in the width of `floats`; ONNX Runtime itself has it in 32 bits only."""
    size = floats("Clip", floats("Abs", z), np.array(0.0), np.array(_FAR))
    near = floats("Less", size, np.array([_CLOSE]))
    return floats(
        "Where", near, _near_zero(floats, z), floats("Mul", floats("Sign", z), _tail(floats, size))
    )


def _near_zero(floats: Floats, z: str) -> str:
    """Taylor's series, 2 / sqrt(pi) times the sum of (-1)^n z^(2n + 1) / (n! (2n + 1))."""
    square = floats("Mul", z, z)
    terms = [(-1) ** n / (factorial(n) * (2 * n + 1)) * 2 / np.sqrt(np.pi) for n in range(12)]
    total = floats("Mul", square, np.array([terms[-1]]))
    for term in terms[-2:0:-1]:
        total = floats("Mul", floats("Add", total, np.array([term])), square)
    return floats("Mul", floats("Add", total, np.array([terms[0]])), z)


def _tail(floats: Floats, size: str) -> str:
    """1 - exp(-z²) · tail(z): the tail is a series of Chebyshev's, summed as Clenshaw did."""
    above = floats("Sub", np.array([2.0]), size)
    t = floats("Div", above, floats("Add", size, np.array([2.0])))
    twice = floats("Mul", t, np.array([2.0]))
    first, *low, highest = _scaled_tail()
    after = floats("Mul", t, np.array([0.0]))
    last = floats("Add", after, np.array([highest]))
    for coefficient in low[::-1]:
        step = floats("Sub", floats("Mul", twice, last), after)
        after, last = last, floats("Add", step, np.array([coefficient]))
    tail = floats("Sub", floats("Mul", t, last), after)
    tail = floats("Add", tail, np.array([first]))
    fading = floats("Exp", floats("Neg", floats("Mul", size, size)))
    return floats("Sub", np.array([1.0]), floats("Mul", fading, tail))
