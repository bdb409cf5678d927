"""Labels that were spread over a graph of training rows, and reach a new row from its neighbours.

The kernel is computed in 64 bits, so that it vanishes where scikit-learn's does: far from all
training rows its probabilities are NaN, and so are these.
"""

from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.distances import squared
from lastmile.exporting.onnx.converters.floats import Floats, dense
from lastmile.exporting.onnx.converters.neighbors import chosen, compared
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts

_VANISHING = 700.0
"""Below exp of minus this, 64-bit floats lose digits and then vanish."""


@converts("LabelPropagation", "LabelSpreading")
def spread_labels(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """What the training rows say, each as loudly as it is near.

    Raises:
        NotExportable: the kernel is a function of the caller's.
    """
    floats = Floats(writer, wide=True)
    known = dense(estimator.label_distributions_)
    if estimator.kernel == "knn":
        training = compared(writer, estimator.nn_fit, parts)
        near = chosen(training, estimator.n_neighbors)
        votes = floats.total(floats("Gather", known, near.places, axis=0))
        shares = _shared(floats, votes)
    else:
        shares = _by_kernel(floats, estimator, parts, known)
    index = writer("ArgMax", shares, axis=1, keepdims=0)
    return Answer(
        index=index, classes=plain_classes(estimator.classes_), probabilities=floats.give(shares)
    )


def _by_kernel(floats: Floats, estimator: Any, parts: Parts, known: np.ndarray) -> str:
    """Shares by exp(-gamma d^2), from the nearest row on; as it is where it is about to vanish."""
    if estimator.kernel != "rbf":
        raise floats.writer.refusal("its kernel is a function", "use kernel='rbf' or 'knn'")
    apart = squared(floats, floats.rows(parts), dense(estimator.X_))
    exponents = floats("Mul", apart, np.array([-float(estimator.gamma)]))
    largest = floats.total(exponents, keep=True, by="ReduceMax")
    vanishing = floats("Less", largest, np.array([-_VANISHING]))
    taken = floats("Where", vanishing, np.array([0.0]), largest)
    loud = floats("Exp", floats("Sub", exponents, taken))
    return _shared(floats, floats("MatMul", loud, known))


def _shared(floats: Floats, votes: str) -> str:
    return floats("Div", votes, floats.total(votes, keep=True))
