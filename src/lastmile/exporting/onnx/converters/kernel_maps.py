"""Maps into the space of a kernel: exact ones by training rows, approximate ones by samples.

They are computed in 64 bits: angles of large numbers, and inverses that magnify what differs.
"""

import copy
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.floats import Floats, dense, made
from lastmile.exporting.onnx.converters.similarities import kernel
from lastmile.exporting.onnx.nodes import Parts, width_of
from lastmile.exporting.onnx.writer import Writer, converts


@converts("KernelPCA")
def kernel_pca(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The main directions of the centred kernel."""
    params = {
        "gamma": estimator.gamma_,
        "degree": estimator.degree,
        "coef0": estimator.coef0,
    }
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    similar = kernel(floats, x, dense(estimator.X_fit_), estimator.kernel, params)
    values, vectors = dense(estimator.eigenvalues_), dense(estimator.eigenvectors_)
    there = values != 0
    scaled = np.where(there, vectors / np.sqrt(np.where(there, values, 1.0)), 0.0)
    made_of = floats("MatMul", _centred(floats, similar, estimator._centerer), scaled)
    return Answer(features=made(floats.give(made_of), scaled.shape[1]))


@converts("KernelCenterer")
def centerer(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A kernel without its means."""
    floats = Floats(writer, wide=True)
    centred = _centred(floats, floats.rows(parts), estimator)
    return Answer(features=made(floats.give(centred), width_of(parts)))


def _centred(floats: Floats, similar: str, estimator: Any) -> str:
    rest = dense(estimator.K_fit_rows_) - float(estimator.K_fit_all_)
    own = floats.total(similar, keep=True, by="ReduceMean")
    return floats("Sub", floats("Sub", similar, own), rest)


@converts("Nystroem")
def nystroem(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The kernel with some training rows, made orthogonal."""
    params = copy.deepcopy(estimator)._get_kernel_params()
    floats = Floats(writer, wide=True)
    x = floats.rows(parts)
    similar = kernel(floats, x, dense(estimator.components_), estimator.kernel, params)
    weights = dense(estimator.normalization_).T
    return Answer(features=made(floats.give(floats("MatMul", similar, weights)), weights.shape[1]))


@converts("RBFSampler")
def rbf_sampler(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Cosines of random projections; angles of many turns have no digits left in 32 bits."""
    floats = Floats(writer, wide=True)
    return _cosines(floats, floats.rows(parts), estimator)


@converts("SkewedChi2Sampler")
def skewed_chi2_sampler(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Cosines of random projections of logarithms."""
    floats = Floats(writer, wide=True)
    x = floats("Add", floats.rows(parts), np.array([float(estimator.skewedness)]))
    return _cosines(floats, floats("Log", x), estimator)


def _cosines(floats: Floats, x: str, estimator: Any) -> Answer:
    weights = dense(estimator.random_weights_)
    angles = floats("Add", floats("MatMul", x, weights), dense(estimator.random_offset_))
    scale = np.array([np.sqrt(2.0 / estimator.n_components)])
    result = floats("Mul", floats("Cos", angles), scale)
    return Answer(features=made(floats.give(result), weights.shape[1]))


_INTERVALS = {1: 0.8, 2: 0.5, 3: 0.4}


@converts("AdditiveChi2Sampler")
def additive_chi2_sampler(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Waves of each number's logarithm; 0 stays 0."""
    steps, interval = estimator.sample_steps, estimator.sample_interval
    interval = float(_INTERVALS[steps] if interval is None else interval)
    floats = Floats(writer)
    x = writer.matrix(parts)
    none = floats("Equal", x, np.array([0.0]))
    log = floats("Log", floats("Where", none, np.array([1.0]), x))
    columns = [floats("Sqrt", floats("Mul", x, np.array([interval])))]
    for step in range(1, steps):
        factor = 2 * interval / np.cosh(np.pi * step * interval)
        size = floats("Sqrt", floats("Mul", x, np.array([factor])))
        angle = floats("Mul", log, np.array([step * interval]))
        columns += [floats("Mul", floats(wave, angle), size) for wave in ("Cos", "Sin")]
    joined = columns[0] if steps == 1 else floats("Concat", *columns, axis=1)
    return Answer(features=made(joined, width_of(parts) * (2 * steps - 1)))


@converts("PolynomialCountSketch")
def count_sketch(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The circular convolution of some sketches of the row: products of columns, added up.

    Where there are too many products they are left to :func:`convolved`.
    """
    floats = Floats(writer, wide=True)
    x = _scaled_for_sketches(floats, floats.rows(parts), estimator, width_of(parts))
    places = np.asarray(estimator.indexHash_)
    degree, width = places.shape
    if width**degree * estimator.n_components > _MANY:
        result = convolved(floats, x, estimator)
    else:
        columns, table = _products(estimator)
        result = floats("Gather", x, columns[0], axis=1)
        for more in columns[1:]:
            result = floats("Mul", result, floats("Gather", x, more, axis=1))
        result = floats("MatMul", result, table)
    return Answer(features=made(floats.give(result), int(estimator.n_components)))


_MANY = 2_000_000
"""So many numbers in the table of products at most."""


def _scaled_for_sketches(floats: Floats, x: str, estimator: Any, width: int) -> str:
    """The columns times the root of gamma and, where coef0 is not 0, one more with its root."""
    spread = np.eye(width, estimator.indexHash_.shape[1]) * np.sqrt(estimator.gamma)
    last = np.zeros(spread.shape[1])
    last[width:] = np.sqrt(estimator.coef0)
    x = floats("MatMul", x, spread)
    return floats("Add", x, last) if last.any() else x


def _products(estimator: Any) -> tuple[np.ndarray, np.ndarray]:
    """Which columns are multiplied [degree, products], and where each product goes, signed.

    Of the columns j, k, ... the first sketch places j, the second k, and so on; the product goes to
    the sum of these places, and all orders of the same columns are one product.
    """
    degree, width = estimator.indexHash_.shape
    orders = np.indices((width,) * degree).reshape(degree, -1)
    sketches = np.arange(degree)[:, None]
    goals = np.asarray(estimator.indexHash_)[sketches, orders].sum(axis=0) % estimator.n_components
    signs = np.asarray(estimator.bitHash_, dtype=np.float64)[sketches, orders].prod(axis=0)
    columns, which = np.unique(np.sort(orders, axis=0), axis=1, return_inverse=True)
    table = np.zeros((columns.shape[1], estimator.n_components))
    np.add.at(table, (np.ravel(which), goals), signs)
    return columns, table


def convolved(floats: Floats, x: str, estimator: Any) -> str:
    """The convolution of the sketches of x [N, C] by their Fourier transforms: [N, n].

    Each sketch is linear in the row, and so is its transform; the transforms are multiplied as
    complex numbers, and what the inverse makes of them is a product of matrices again. As
    everything is real, half of the frequencies suffice.
    """
    count = int(estimator.n_components)
    angles = 2 * np.pi * np.outer(np.arange(count // 2 + 1), np.arange(count)) / count
    real = imaginary = ""
    for places, signs in zip(estimator.indexHash_, estimator.bitHash_, strict=True):
        sketch = np.zeros((len(places), count))
        sketch[np.arange(len(places)), places] = signs
        first = floats("MatMul", x, sketch @ np.cos(angles).T)
        second = floats("MatMul", x, -sketch @ np.sin(angles).T)
        if real:
            first, second = _product(floats, (real, imaginary), (first, second))
        real, imaginary = first, second
    twice = np.full((len(angles), 1), 2.0 / count)
    twice[0] = 1.0 / count
    if count % 2 == 0:
        twice[-1] = 1.0 / count
    back = floats("MatMul", real, np.cos(angles) * twice)
    return floats("Sub", back, floats("MatMul", imaginary, np.sin(angles) * twice))


def _product(floats: Floats, one: tuple[str, str], two: tuple[str, str]) -> tuple[str, str]:
    """The product of two complex numbers, each its real and its imaginary part."""
    real = floats("Sub", floats("Mul", one[0], two[0]), floats("Mul", one[1], two[1]))
    imaginary = floats("Add", floats("Mul", one[0], two[1]), floats("Mul", one[1], two[0]))
    return real, imaginary
