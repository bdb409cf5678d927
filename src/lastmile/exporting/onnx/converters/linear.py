"""Weighted sums: linear regressors, and what a link function makes of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.floats import dense
from lastmile.exporting.onnx.middles import centred
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.precise import less
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


@converts(
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "HuberRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearRegression",
    "LinearSVR",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "PassiveAggressiveRegressor",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "SGDRegressor",
    "TheilSenRegressor",
)
def linear(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """X · coef + intercept, one number for each target."""
    return Answer(value=_sum(writer, estimator, parts))


@converts("GammaRegressor", "PoissonRegressor", "TweedieRegressor")
def generalized(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The inverse of the link function of a weighted sum."""
    total = _sum(writer, estimator, parts)
    link = type(estimator._base_loss.link).__name__
    if link == "IdentityLink":
        return Answer(value=total)
    if link != "LogLink":
        raise writer.refusal(f"its link function {link} is not known")
    return Answer(value=writer("Exp", total))


@converts("RANSACRegressor")
def ransac(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The estimator that was fitted to the rows that agree."""
    return writer.answer(estimator.estimator_, parts, "estimator_")


@converts("PLSRegression", "PLSCanonical", "CCA")
def latent(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Predictions from centred columns, and their scores where it stands as a transformer."""
    centred = less(writer, writer.matrix(parts), estimator._x_mean)
    value = product(writer, centred, estimator.coef_.T, estimator.intercept_)
    rotation = estimator.x_rotations_ / estimator._x_std[:, None]
    scores = product(writer, centred, rotation)
    return Answer(value=value, features=made(scores, rotation.shape[1]))


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model: x · coefficients + offset, for coefficients [T, C] f64 and offset [T] f64."""

    coefficients: np.ndarray
    offset: np.ndarray

    def around(self, centre: np.ndarray) -> "Weights":
        """The same model for columns from which `centre` [C] was taken away."""
        return Weights(self.coefficients, self.offset + self.coefficients @ centre)


def weights_of(estimator: Any, width: int) -> Weights:
    """What a fitted linear model over `width` columns has learned: `coef_` and `intercept_`."""
    coefficients = dense(estimator.coef_).reshape(-1, width)
    offset = np.ravel(np.asarray(estimator.intercept_, dtype=np.float64))
    return Weights(coefficients, np.broadcast_to(offset, coefficients.shape[:1]))


def weighed(writer: Writer, parts: Parts, weights: Weights) -> tuple[str, Weights]:
    """All columns [N, C], and the model over them.

    Columns that lie far from zero are taken around a middle of theirs where that makes the constant
    smaller: then it is the constant that cancels them, and digits would be lost.
    """
    x, centre = centred(writer, parts)
    around = weights.around(centre)
    if _apart(around.offset) < _apart(weights.offset):
        return x, around
    return writer.matrix(parts), weights


def _apart(offset: np.ndarray) -> float:
    """How large constants are; of several only their differences matter."""
    return float(np.abs(offset - offset.mean() if len(offset) > 1 else offset).sum())


def _sum(writer: Writer, estimator: Any, parts: Parts) -> str:
    x, weights = weighed(writer, parts, weights_of(estimator, width_of(parts)))
    return writer.ml(
        "LinearRegressor",
        x,
        coefficients=weights.coefficients.astype(np.float32).ravel(),
        intercepts=weights.offset.astype(np.float32),
        targets=len(weights.coefficients),
    )


def product(
    writer: Writer, x: str, matrix: np.ndarray, offset: np.ndarray | float | None = None
) -> str:
    """X · matrix + offset; nothing is added where the offset is None or zero."""
    result = writer("MatMul", x, np.asarray(matrix, dtype=np.float64))
    if offset is None or not np.any(offset):
        return result
    return writer("Add", result, np.asarray(offset, dtype=np.float64))


def made(name: str, width: int) -> Parts:
    """One part of computed numbers, whose columns come from no column exactly."""
    return (Part(name, Kind.FLOAT, width, (None,) * width),)
