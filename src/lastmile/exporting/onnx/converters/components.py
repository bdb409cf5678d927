"""Decompositions and projections whose application to new rows is one product of matrices.

Where the mean of the training rows is known it is taken away first, in 32 bits. Without one the
product is summed in 64 bits, as its terms may be much larger than their sum.
"""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.floats import Floats, dense, made
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


def projected(writer: Writer, parts: Parts, weights: np.ndarray, centre: Any = None) -> Answer:
    """(x - centre) @ weights of the rows, with weights [C, K] f64 and centre [C] f64 or nothing."""
    floats = Floats(writer, wide=centre is None)
    x = floats.rows(parts)
    if centre is not None:
        x = floats.less(x, dense(centre))
    return Answer(features=made(floats.give(floats("MatMul", x, weights)), weights.shape[1]))


@converts("PCA", "IncrementalPCA")
def principal(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The main directions around the mean, with unit variance where they are whitened."""
    weights = dense(estimator.components_).T
    if estimator.whiten:
        scale = np.sqrt(dense(estimator.explained_variance_))
        weights = weights / np.maximum(scale, np.finfo(scale.dtype).eps)
    return projected(writer, parts, weights, estimator.mean_)


@converts(
    "TruncatedSVD",
    "GaussianRandomProjection",
    "SparseRandomProjection",
    "NeighborhoodComponentsAnalysis",
)
def directions(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The components of the rows themselves."""
    return projected(writer, parts, dense(estimator.components_).T)


@converts("FastICA")
def independent(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The independent sources; the mean is known where the rows were whitened."""
    centre = estimator.mean_ if estimator.whiten else None
    return projected(writer, parts, dense(estimator.components_).T, centre)


@converts("FactorAnalysis")
def factors(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The expected factors, after the class's own `transform`."""
    components = dense(estimator.components_)
    scaled = components / dense(estimator.noise_variance_)
    inverse = np.linalg.inv(np.eye(len(components)) + scaled @ components.T)
    return projected(writer, parts, scaled.T @ inverse, estimator.mean_)


@converts("SparsePCA", "MiniBatchSparsePCA")
def sparse_principal(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The coefficients of a ridge regression on the components: a product with its solution."""
    components = dense(estimator.components_)
    gram = components @ components.T + estimator.ridge_alpha * np.eye(len(components))
    return projected(writer, parts, np.linalg.solve(gram, components).T, estimator.mean_)


@converts("PLSSVD")
def least_squares(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The scores of the scaled rows."""
    weights = dense(estimator.x_weights_) / dense(estimator._x_std)[:, None]
    return projected(writer, parts, weights, estimator._x_mean)
