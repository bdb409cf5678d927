"""Mixtures of normal distributions: how probable each component is for a row.

Far from all components the exponents are large and only their differences count, so they are
computed in 64 bits.
"""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts


@converts("GaussianMixture", "BayesianGaussianMixture")
def mixture(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The most probable component, and the probability of each."""
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    means = np.asarray(estimator.means_, dtype=np.float64)
    roots = np.asarray(estimator.precisions_cholesky_, dtype=np.float64)
    own = np.diag(estimator._estimate_weighted_log_prob(means))
    if estimator.covariance_type == "tied":
        scores = _tied(floats, x, means, roots, own)
    else:
        squares = _squares(floats, x, means, roots, estimator.covariance_type)
        scores = floats("Add", floats("Mul", squares, np.array([-0.5])), own)
    label = writer("ArgMax", scores, axis=1, keepdims=0)
    shares = floats.give(floats("Softmax", scores, axis=1))
    return Answer(label=label, probabilities=shares)


def _squares(floats: Floats, x: str, means: np.ndarray, roots: np.ndarray, kind: str) -> str:
    """Squared distances [N, K], each measured by the spread of its component."""
    if kind == "full":
        apart = floats("Sub", floats("Unsqueeze", x, np.array([0])), means[:, None, :])
        turned = floats("MatMul", apart, roots)
        return floats("Transpose", floats.total(turned, axis=2, by="ReduceSumSquare"), perm=[1, 0])
    scales = roots if kind == "diag" else roots[:, None]
    apart = floats("Sub", floats("Unsqueeze", x, np.array([1])), means[None])
    scaled = floats("Mul", apart, np.broadcast_to(scales, means.shape)[None].copy())
    return floats.total(scaled, axis=2, by="ReduceSumSquare")


def _tied(floats: Floats, x: str, means: np.ndarray, root: np.ndarray, own: np.ndarray) -> str:
    """Log probabilities but for a number that all components of a row share.

    With one covariance the squares of the row itself are the same for all; what is left is linear.
    """
    middle = means.mean(axis=0)
    centres = (means - middle) @ root
    turned = floats("MatMul", floats("Sub", x, middle), root @ centres.T)
    return floats("Add", turned, own - 0.5 * (centres**2).sum(axis=1))
