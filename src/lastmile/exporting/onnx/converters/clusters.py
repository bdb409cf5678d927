"""Clusters that are known by their centres: the nearest one is the answer."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.distances import squared
from lastmile.exporting.onnx.converters.floats import Floats, dense, made
from lastmile.exporting.onnx.nodes import Parts, width_of
from lastmile.exporting.onnx.writer import Writer, converts


@converts("KMeans", "MiniBatchKMeans")
def means(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The nearest centre; as a transformer, the distance to each."""
    apart = _apart(writer, estimator.cluster_centers_, parts)
    return Answer(label=_nearest(writer, apart), features=_distances(writer, estimator, apart))


@converts("MeanShift")
def shift(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The nearest peak."""
    return Answer(label=_nearest(writer, _apart(writer, estimator.cluster_centers_, parts)))


@converts("AffinityPropagation")
def exemplars(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The nearest exemplar; -1 where none was found.

    Raises:
        NotExportable: the rows would have to be similarities.
    """
    if estimator.affinity != "euclidean":
        raise writer.refusal("it is asked with similarities, not with rows", "use KMeans")
    centres = dense(estimator.cluster_centers_)
    if not len(centres):
        return Answer(label=_everywhere(writer, writer.matrix(parts), -1))
    return Answer(label=_nearest(writer, _apart(writer, centres, parts)))


@converts("Birch")
def birch(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The cluster of the nearest subcluster; as a transformer, the distance to each subcluster."""
    apart = _apart(writer, estimator.subcluster_centers_, parts)
    labels = np.asarray(estimator.subcluster_labels_, dtype=np.int64)
    label = writer("Gather", labels, _nearest(writer, apart), axis=0)
    return Answer(label=label, features=_distances(writer, estimator, apart))


@converts("BisectingKMeans")
def bisecting(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The leaf at the end of the way down the tree, always to the nearer of two centres.

    Every pair of centres is compared at once; a leaf is reached where all pairs above it decide
    for it. As a transformer: the distance to each leaf.
    """
    ways, labels, pairs = _ways(estimator._bisecting_tree)
    leaves = _distances(writer, estimator, _apart(writer, estimator.cluster_centers_, parts))
    if not pairs:
        return Answer(
            label=_everywhere(writer, writer.matrix(parts), int(labels[0])), features=leaves
        )
    mean = getattr(estimator, "_X_mean", 0.0)
    lefts, rights = (np.array([pair[side] for pair in pairs]) + mean for side in (0, 1))
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    right = floats("Less", squared(floats, x, rights), squared(floats, x, lefts))
    turns = floats("Sub", floats("Mul", floats.flags(right), np.array([2.0])), np.array([1.0]))
    agreeing = floats("MatMul", turns, ways.T)
    reached = floats("Sub", agreeing, np.abs(ways).sum(axis=1))
    place = writer("ArgMax", reached, axis=1, keepdims=0)
    return Answer(label=writer("Gather", labels, place, axis=0), features=leaves)


def _ways(root: Any) -> tuple[np.ndarray, np.ndarray, list[tuple[Any, Any]]]:
    """Each leaf's way [leaves, pairs], -1 left and 1 right, its label, and the pairs of centres."""
    ways: list[dict[int, float]] = []
    labels: list[int] = []
    pairs: list[tuple[Any, Any]] = []
    open_: list[tuple[Any, dict[int, float]]] = [(root, {})]
    while open_:
        node, way = open_.pop()
        if node.left is None:
            ways.append(way)
            labels.append(int(node.label))
            continue
        pair = len(pairs)
        pairs.append((node.left.center, node.right.center))
        open_ += [(node.left, {**way, pair: -1.0}), (node.right, {**way, pair: 1.0})]
    table = np.array([[way.get(pair, 0.0) for pair in range(len(pairs))] for way in ways])
    return table, np.array(labels, dtype=np.int64), pairs


def _apart(writer: Writer, centres: Any, parts: Parts) -> str:
    """Squared distances [N, K] f64."""
    floats = Floats(writer, wide=True)
    return squared(floats, floats.rows(parts), dense(centres))


def _nearest(writer: Writer, apart: str) -> str:
    """The position [N] of the nearest centre, the first of equally near ones."""
    return writer("ArgMin", apart, axis=1, keepdims=0)


def _distances(writer: Writer, estimator: Any, apart: str) -> Parts:
    return made(
        Floats(writer, wide=True).give(writer("Sqrt", apart)), int(estimator._n_features_out)
    )


def _everywhere(writer: Writer, x: str, label: int) -> str:
    """One label for every row."""
    first = writer("Gather", x, np.array(0), axis=1)
    zeros = writer("Cast", writer("IsNaN", first), to=onnx.TensorProto.INT64)
    return writer("Add", writer("Mul", zeros, np.array([0])), np.array([label]))


@converts("FeatureAgglomeration")
def agglomeration(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """One number for the columns of each cluster of columns.

    Raises:
        NotExportable: the function that pools them is not one of NumPy's mean, sum, max, min.
    """
    by = {np.mean: "ReduceMean", np.sum: "ReduceSum", np.max: "ReduceMax", np.min: "ReduceMin"}
    pool = estimator.pooling_func
    if pool not in by:
        raise writer.refusal(
            "its pooling_func is not known", "use np.mean, np.sum, np.max or np.min"
        )
    labels = np.asarray(estimator.labels_)
    floats = Floats(writer)
    x = writer.matrix(parts)
    columns = [
        floats.total(
            writer("Gather", x, np.flatnonzero(labels == label), axis=1), keep=True, by=by[pool]
        )
        for label in np.unique(labels)
    ]
    assert width_of(parts) == len(labels)
    return Answer(features=made(writer("Concat", *columns, axis=1), len(columns)))
