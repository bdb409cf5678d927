"""Probabilities of several classes from those of each pair, as libsvm couples them.

libsvm's iteration ends when it is near enough, at a few thousandths of the answer, so that its
steps have to be repeated one by one. It was never seen to need more than four of them (200,000
probabilities of two classes, 600,000 random sets of three to eight); twice as many are written.

Source: `sigmoid_predict`, `multiclass_probability` and `svm_predict_probability` of libsvm.
"""

from itertools import combinations

import numpy as np

from lastmile.exporting.onnx.converters.floats import Floats

_STEPS = 8
_LEAST = 1e-7
_NEAR = 0.005


def coupled(floats: Floats, pairs: str, slope: np.ndarray, offset: np.ndarray, count: int) -> str:
    """Probabilities [N, K] from the sums [N, P] of each pair of classes, and their sigmoids [P]."""
    score = floats("Add", floats("Mul", pairs, -np.asarray(slope)), -np.asarray(offset))
    first = floats("Clip", floats("Sigmoid", score), np.array(_LEAST), np.array(1 - _LEAST))
    matrix = _matrix(floats, first, count)
    nobody = floats("Mul", floats("Gather", first, np.array([0]), axis=1), np.array([0.0]))
    shares = floats("Add", nobody, np.full((1, count), 1 / count))
    running = ""
    for _ in range(_STEPS):
        products = floats.total(floats("Mul", matrix, _across(floats, shares)), axis=2)
        whole = floats.total(floats("Mul", shares, products), keep=True)
        off = floats("ReduceMax", floats("Abs", floats("Sub", products, whole)), np.array([1]))
        far = floats("Not", floats("Less", off, np.array([_NEAR / count])))
        running = floats("And", running, far) if running else far
        better = _step(floats, shares, matrix, products, whole, count)
        shares = floats("Where", running, better, shares)
    return shares


def _across(floats: Floats, x: str) -> str:
    """[N, 1, K] of [N, K]."""
    return floats("Unsqueeze", x, np.array([1]))


def _matrix(floats: Floats, first: str, count: int) -> str:
    """Libsvm's Q [N, K, K], of r[i, j], the probability of class i when it is i or j.

    Q[t, t] is the sum of r[j, t]^2 over all others, Q[t, j] is -r[j, t] r[t, j].
    """
    places = list(combinations(range(count), 2))
    ahead, behind, both = (np.zeros((len(places), count * count)) for _ in range(3))
    for at, (i, j) in enumerate(places):
        ahead[at, j * count + j] = 1  # r[i, j] counts against j
        behind[at, i * count + i] = 1
        both[at, i * count + j] = both[at, j * count + i] = -1
    second = floats("Sub", np.array([1.0]), first)
    flat = floats(
        "Sum",
        floats("MatMul", floats("Mul", first, first), ahead),
        floats("MatMul", floats("Mul", second, second), behind),
        floats("MatMul", floats("Mul", first, second), both),
    )
    return floats("Reshape", flat, np.array([-1, count, count]))


def _step(floats: Floats, shares: str, matrix: str, products: str, whole: str, count: int) -> str:
    """One round over all classes; products are Q p [N, K], whole is p Q p [N, 1]."""
    for at in range(count):
        row = floats("Gather", matrix, np.array(at), axis=1)  # [N, K]
        own = floats("Gather", row, np.array([at]), axis=1)
        product = floats("Gather", products, np.array([at]), axis=1)
        change = floats("Div", floats("Sub", whole, product), own)
        grown = floats("Add", change, np.array([1.0]))
        twice = floats("Add", floats("Mul", change, own), floats("Add", product, product))
        whole = floats("Add", whole, floats("Mul", change, twice))
        whole = floats("Div", floats("Div", whole, grown), grown)
        products = floats("Div", floats("Add", products, floats("Mul", change, row)), grown)
        moved = floats("Add", shares, floats("Mul", change, np.eye(count)[at : at + 1]))
        shares = floats("Div", moved, grown)
    return shares
