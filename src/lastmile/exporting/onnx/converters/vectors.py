"""Weighted sums of kernels: support vector machines and kernel ridge regression.

Source: `svm_predict_values` and `svm_predict_probability` of libsvm, as scikit-learn's
`svm/_base.py` calls them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters.coupling import coupled
from lastmile.exporting.onnx.converters.floats import Floats, dense
from lastmile.exporting.onnx.converters.scores import usual_or_not
from lastmile.exporting.onnx.converters.similarities import kernel
from lastmile.exporting.onnx.nodes import Parts
from lastmile.exporting.onnx.writer import Writer, converts

_NARROW = ("rbf", "laplacian")
_CANCELS = 50.0
"""Weights whose sizes add up to more than this many results need 64 bits to cancel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """Σ weights[i] · k(x, points[i]) + offset, for points [n, C], weights [n, P], offset [P]."""

    points: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    kernel: Any
    params: Mapping[str, Any]

    def write(self, writer: Writer, parts: Parts) -> str:
        """The sums of each row, [N, P] f32.

        A linear kernel is a plain weighted sum. Where large weights cancel, and for kernels that
        grow without bounds, the sums are taken in 64 bits.
        """
        wide = self._cancels() if self.kernel in _NARROW else self.kernel != "linear"
        floats = Floats(writer, wide=wide or self._sums_cancel())
        return floats.give(self.sums(floats, parts))

    def sums(self, floats: Floats, parts: Parts) -> str:
        """The sums of each row, [N, P], in the width of `floats`."""
        x = floats.rows(parts)
        if self.kernel == "linear":
            centre, matrix = self._plain()
            product = floats("MatMul", floats.less(x, centre), matrix)
            return floats("Add", product, centre @ matrix + self.offset)
        alike = kernel(floats, x, self.points, self.kernel, self.params)
        return floats("Add", floats("MatMul", alike, self.weights), self.offset)

    def _plain(self) -> tuple[np.ndarray, np.ndarray]:
        """A middle of the points, and the weights of a linear kernel on what is left of columns."""
        return self.points.mean(axis=0), self.points.T @ self.weights

    def _sums_cancel(self) -> bool:
        """Whether the terms of a plain weighted sum are much larger than their sum."""
        if self.kernel != "linear":
            return False
        centre, matrix = self._plain()
        apart = self.points - centre
        sums = apart @ matrix + centre @ matrix + self.offset
        sizes = np.abs(apart) @ np.abs(matrix) + np.abs(centre @ matrix + self.offset)
        return bool(np.any(np.median(sizes, axis=0) > _CANCELS * np.median(np.abs(sums), axis=0)))

    def _cancels(self) -> bool:
        from sklearn.metrics.pairwise import pairwise_kernels

        given = {key: value for key, value in self.params.items() if value is not None}
        some = self.points[:: max(1, len(self.points) // 64)]
        alike = pairwise_kernels(some, self.points, metric=self.kernel, filter_params=True, **given)
        usual = np.median(np.abs(alike @ self.weights + self.offset), axis=0)
        sizes = np.abs(self.weights).sum(axis=0)
        return bool(np.any(sizes > _CANCELS * np.maximum(usual, 1e-30)))


@converts("KernelRidge")
def ridge(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """One weight for each training row and target."""
    _demand_formula(writer, estimator.kernel)
    weights = np.asarray(estimator.dual_coef_, dtype=np.float64)
    weights = weights.reshape(len(weights), -1)
    expansion = Expansion(
        points=dense(estimator.X_fit_),
        weights=weights,
        offset=np.zeros(weights.shape[1]),
        kernel=estimator.kernel,
        params={name: getattr(estimator, name) for name in ("gamma", "degree", "coef0")},
    )
    return Answer(value=expansion.write(writer, parts))


@converts("SVR", "NuSVR")
def regressor(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """One weight for each support vector."""
    return Answer(value=_expansion(writer, estimator, _single(estimator)).write(writer, parts))


@converts("OneClassSVM")
def one_class(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A usual row where the sum is positive."""
    score = _expansion(writer, estimator, _single(estimator)).write(writer, parts)
    return Answer(label=usual_or_not(writer, score, "Greater"), score=score)


@converts("SVC", "NuSVC")
def classifier(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Each pair of classes votes; scores and labels are made of the votes and the pairs' sums."""
    count = len(estimator.classes_)
    expansion = _expansion(writer, estimator, _pairwise(estimator))
    shares = ""
    if hasattr(estimator, "predict_proba"):
        floats = Floats(writer, wide=True)
        sums = expansion.sums(floats, parts)
        shares = floats.give(coupled(floats, sums, estimator._probA, estimator._probB, count))
        pairs = floats.give(sums)
    else:
        pairs = expansion.write(writer, parts)
    votes = _votes(writer, pairs, count)
    shape = estimator.decision_function_shape
    if count == 2:
        score = writer("Neg", pairs)
    else:
        score = pairs if shape == "ovo" else _one_vs_rest(writer, pairs, votes, count)
    broken = estimator.break_ties and shape == "ovr" and count > 2
    decided = score if broken else votes
    return Answer(
        index=writer("ArgMax", decided, axis=1, keepdims=0),
        classes=plain_classes(estimator.classes_),
        probabilities=shares,
        score=score,
    )


def _votes(writer: Writer, pairs: str, count: int) -> str:
    """[N, K]: how many pairs each class wins; the first of a pair wins where the sum is positive.

    Written as products of matrices: each pair gives its vote to the first, or else to the second.
    """
    first, second = _sides(count)
    won = writer("Cast", writer("Greater", pairs, np.float32(0)), to=onnx.TensorProto.FLOAT)
    return writer("Add", writer("MatMul", won, first - second), second.sum(axis=0))


def _sides(count: int) -> tuple[np.ndarray, np.ndarray]:
    """[P, K] each: 1 where the class is the first, or the second, of a pair."""
    pairs = np.array(list(combinations(range(count), 2)))
    one = np.eye(count)
    return one[pairs[:, 0]], one[pairs[:, 1]]


def _one_vs_rest(writer: Writer, pairs: str, votes: str, count: int) -> str:
    """Votes, and less than a third of a vote by how clear they are.

    Source: `_ovr_decision_function` of scikit-learn. A sum of exactly zero is no vote for the
    second class there.
    """
    first, second = _sides(count)
    lost = writer("Cast", writer("Less", pairs, np.float32(0)), to=onnx.TensorProto.FLOAT)
    votes = writer("Add", writer("MatMul", lost, second - first), first.sum(axis=0))
    clear = writer("MatMul", pairs, first - second)
    size = writer("Add", writer("Abs", clear), np.float32(1))
    return writer("Add", votes, writer("Div", clear, writer("Mul", size, np.float32(3))))


def _expansion(writer: Writer, estimator: Any, weights: np.ndarray) -> Expansion:
    """The sums of a machine of libsvm over its support vectors."""
    _demand_formula(writer, estimator.kernel)
    return Expansion(
        points=dense(estimator.support_vectors_),
        weights=weights,
        offset=np.ravel(estimator._intercept_).astype(np.float64),
        kernel=estimator.kernel,
        params={
            "gamma": estimator._gamma,
            "degree": estimator.degree,
            "coef0": estimator.coef0,
        },
    )


def _demand_formula(writer: Writer, kernel_: Any) -> None:
    if not isinstance(kernel_, str):
        raise writer.refusal("its kernel is a function", "use a kernel by its name, such as 'rbf'")
    if kernel_ == "precomputed":
        raise writer.refusal(
            "its rows are kernels with the training rows, not raw values",
            "use a kernel by its name, such as 'rbf'",
        )


def _single(estimator: Any) -> np.ndarray:
    return dense(estimator._dual_coef_).T


def _pairwise(estimator: Any) -> np.ndarray:
    """Weights [n, P] of each pair of classes, in libsvm's own sign.

    Row j - 1 of libsvm's coefficients holds, for vectors of class i < j, their weight against j;
    row i holds the weights of vectors of class j against i.
    """
    own = dense(estimator._dual_coef_)
    ends = np.cumsum(estimator._n_support)
    spans = [slice(end - size, end) for end, size in zip(ends, estimator._n_support, strict=True)]
    pairs = list(combinations(range(len(spans)), 2))
    weights = np.zeros((own.shape[1], len(pairs)))
    for at, (i, j) in enumerate(pairs):
        weights[spans[i], at] = own[j - 1, spans[i]]
        weights[spans[j], at] = own[i, spans[j]]
    return weights
