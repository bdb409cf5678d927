"""Support vectors and nearest neighbours.

Support vector machines follow LIBSVM, which Core ML contains (its framework exports LIBSVM's
functions) and whose model the message holds number by number (source: `SVM.proto`, `svm.cpp`).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference.learned import class_labels, decided
from lastmile.exporting.coreml.reference.values import Inputs, gives, need, side_by_side

_BLOCK_NUMBERS = 2**22
"""Distances that are held at a time."""

_LEAST_SHARE = 1e-7
"""LIBSVM keeps the probability of one class against another so far from 0 and 1."""


def svm_regressor(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The kernels with the support vectors, weighted, minus rho."""
    message = model.supportVectorRegressor
    table = side_by_side(model, inputs)
    vectors = _vectors(message, table.shape[1])
    weights = np.asarray(message.coefficients.alpha)
    need(len(weights) == len(vectors), "coefficients that do not fit the support vectors")
    values = [kernels @ weights - message.rho for kernels in _kernels(message, table, vectors)]
    value = np.concatenate(values) if values else np.zeros(0)
    array = model.description.output[0].type.WhichOneof("Type") == "multiArrayType"
    return gives(model, value[:, np.newaxis] if array else value)


def svm_classifier(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The class that wins most of the comparisons of two, or the most probable one.

    The latter where the message has numbers for probabilities. Of classes with as many wins the
    first is taken (source: `svm_predict_values`, `svm_predict_probability`).
    """
    message = model.supportVectorClassifier
    labels = class_labels(message)
    decisions = _decisions(message, side_by_side(model, inputs), len(labels))
    if message.probA:
        return decided(model, labels, _probabilities(message, decisions, len(labels)))
    votes = np.zeros((len(decisions), len(labels)))
    for pair, (first, second) in enumerate(_pairs(len(labels))):
        wins = decisions[:, pair] > 0
        votes[:, first] += wins
        votes[:, second] += ~wins
    return decided(model, labels, votes)


def _pairs(classes: int) -> list[tuple[int, int]]:
    return [(one, other) for one in range(classes) for other in range(one + 1, classes)]


def _decisions(message: Any, table: np.ndarray, classes: int) -> np.ndarray:
    """[N, pairs] f64: positive where the first class of the pair wins."""
    vectors = _vectors(message, table.shape[1])
    alpha = np.array([row.alpha for row in message.coefficients], dtype=np.float64)
    ends = np.cumsum([0, *message.numberOfSupportVectorsPerClass])
    pairs = _pairs(classes)
    need(alpha.shape == (classes - 1, len(vectors)), "coefficients that do not fit the vectors")
    need(len(ends) == classes + 1 and ends[-1] == len(vectors), "vectors not counted by class")
    need((np.diff(ends) >= 0).all() and len(message.rho) == len(pairs), "offsets do not fit")
    weights = np.zeros((len(vectors), len(pairs)))
    for pair, (one, other) in enumerate(pairs):
        own, others = slice(ends[one], ends[one + 1]), slice(ends[other], ends[other + 1])
        weights[own, pair] = alpha[other - 1, own]
        weights[others, pair] = alpha[one, others]
    parts = [kernels @ weights for kernels in _kernels(message, table, vectors)]
    return np.asarray(np.concatenate([*parts, np.zeros((0, len(pairs)))]) - np.asarray(message.rho))


def _vectors(message: Any, width: int) -> np.ndarray:
    """The support vectors as rows; the positions of sparse ones count from 1."""
    kind = message.WhichOneof("supportVectors")
    held = getattr(message, kind).vectors if kind else []
    need(len(held) * width < 2**28, "support vectors of impossible size")
    table = np.zeros((len(held), width))
    for row, vector in enumerate(held):
        if kind == "sparseSupportVectors":
            for node in vector.nodes:
                need(1 <= node.index <= width, "a support vector outside of the array")
                table[row, node.index - 1] = node.value
        else:
            need(len(vector.values) == width, "a support vector that does not fit the array")
            table[row] = vector.values
    return table


def _kernels(message: Any, table: np.ndarray, vectors: np.ndarray) -> Iterator[np.ndarray]:
    """Blocks of rows of the kernel of each row with each vector: [rows, V] f64."""
    kind = message.kernel.WhichOneof("kernel")
    need(kind is not None, "support vectors without a kernel")
    held = getattr(message.kernel, kind)
    rows = max(1, _BLOCK_NUMBERS // max(len(vectors), 1))
    for start in range(0, len(table), rows):
        block = table[start : start + rows]
        if kind == "rbfKernel":
            yield np.exp(-held.gamma * squared_distances(block, vectors))
            continue
        products = block @ vectors.T
        if kind == "polyKernel":
            products = (held.gamma * products + held.c) ** held.degree
        elif kind == "sigmoidKernel":
            products = np.tanh(held.gamma * products + held.c)
        yield products


def squared_distances(table: np.ndarray, points: np.ndarray) -> np.ndarray:
    """[N, P] the squared Euclidean distances, added up column by column without cancellation."""
    total = np.zeros((len(table), len(points)), dtype=points.dtype)
    for column in range(table.shape[1]):
        total += np.square(table[:, column, np.newaxis] - points[:, column])
    return total


def _probabilities(message: Any, decisions: np.ndarray, classes: int) -> np.ndarray:
    """[N, K] f64 from the decisions of each two classes, as `svm_predict_probability` does it."""
    a, b = np.asarray(message.probA), np.asarray(message.probB)
    need(a.shape == b.shape == decisions.shape[1:], "numbers for probabilities do not fit")
    shares = np.clip(1 / (1 + np.exp(decisions * a + b)), _LEAST_SHARE, 1 - _LEAST_SHARE)
    if classes == 2:
        return np.concatenate([shares, 1 - shares], axis=1)
    against = np.zeros((len(decisions), classes, classes))
    for pair, (one, other) in enumerate(_pairs(classes)):
        against[:, one, other], against[:, other, one] = shares[:, pair], 1 - shares[:, pair]
    return _coupled(against)


def _coupled(against: np.ndarray) -> np.ndarray:
    """The probabilities that fit the comparisons of two best (source: `multiclass_probability`).

    against: [N, K, K], how probable each class is against each other.
    """
    rows, classes, _ = against.shape
    q = -against.transpose(0, 2, 1) * against
    each = np.arange(classes)
    q[:, each, each] = np.square(against).sum(axis=1)
    p = np.full((rows, classes), 1.0 / classes)
    on = np.arange(rows)
    for _ in range(max(100, classes)):
        part, chances = q[on], p[on]
        qp = np.einsum("nij,nj->ni", part, chances)
        pqp = (chances * qp).sum(axis=1)
        open_ = np.abs(qp - pqp[:, np.newaxis]).max(axis=1) >= 0.005 / classes
        on, part, chances, qp, pqp = on[open_], part[open_], chances[open_], qp[open_], pqp[open_]
        if not len(on):
            break
        for at in range(classes):
            step = (pqp - qp[:, at]) / part[:, at, at]
            chances[:, at] += step
            pqp = (pqp + step * (step * part[:, at, at] + 2 * qp[:, at])) / (1 + step) ** 2
            qp = (qp + step[:, np.newaxis] * part[:, at]) / (1 + step)[:, np.newaxis]
            chances /= (1 + step)[:, np.newaxis]
        p[on] = chances
    return p


def nearest_neighbours(model: Any, inputs: Inputs) -> dict[str, Any]:
    """The label that most of the nearest samples have, or the one nearest in sum of 1 / distance.

    Samples and distances have 32 bits. Of samples equally far the first are taken, of labels with
    as many votes the one that stands first among the samples; neither is documented.
    """
    message = model.kNearestNeighborsClassifier
    index, kind = message.nearestNeighborsIndex, message.WhichOneof("ClassLabels")
    need(kind is not None and index.floatSamples, "neighbours without samples and labels")
    held = list(getattr(message, kind).vector)
    points = np.array([sample.vector for sample in index.floatSamples], dtype=np.float32)
    table = side_by_side(model, inputs).astype(np.float32)
    need(points.shape[1:] == table.shape[1:] and len(held) == len(points), "samples do not fit")
    labels = tuple(dict.fromkeys(held))
    code = {label: at for at, label in enumerate(labels)}
    own = np.array([code[label] for label in held])
    count = min(message.numberOfNeighbors.defaultValue, len(points))
    need(count >= 1, "fewer than one neighbour")
    weighted = message.WhichOneof("WeightingScheme") == "inverseDistanceWeighting"
    votes = np.zeros((len(table), len(labels)))
    rows = max(1, _BLOCK_NUMBERS // len(points))
    for start in range(0, len(table), rows):
        far = squared_distances(table[start : start + rows], points)
        near = np.argsort(far, axis=1, kind="stable")[:, :count]
        weight = 1 / np.sqrt(np.take_along_axis(far, near, 1)) if weighted else np.ones(near.shape)
        weight = np.where(np.isinf(weight).any(axis=1, keepdims=True), np.isinf(weight), weight)
        np.add.at(votes, (start + np.arange(len(near))[:, np.newaxis], own[near]), weight)
    return decided(model, labels, votes / votes.sum(axis=1, keepdims=True))
