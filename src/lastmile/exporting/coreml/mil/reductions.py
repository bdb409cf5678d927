"""Sums, extremes and their places along axes."""

import math
from typing import Any

import numpy as np

from lastmile.exporting.claims import claims
from lastmile.exporting.coreml.mil.shapes import constant
from lastmile.exporting.coreml.view import Node

_REDUCTIONS = {
    "ReduceL1": "reduce_l1_norm",
    "ReduceL2": "reduce_l2_norm",
    "ReduceLogSumExp": "reduce_log_sum_exp",
    "ReduceMax": "reduce_max",
    "ReduceMean": "reduce_mean",
    "ReduceMin": "reduce_min",
    "ReduceProd": "reduce_prod",
    "ReduceSum": "reduce_sum",
    "ReduceSumSquare": "reduce_sum_square",
}

_PLACES = {"ArgMax": "reduce_argmax", "ArgMin": "reduce_argmin"}


@claims(*_REDUCTIONS)
def reduction(mb: Any, node: Node, x: Any, axes: Any = None) -> Any:
    """One number in place of the elements along `axes`.

    The axes are an attribute in old operator sets and an input in new ones.
    """
    rank = len(x.shape)
    given = constant(node, axes).tolist() if axes is not None else node.attr("axes", [])
    if not given and node.attr("noop_with_empty_axes", 0):
        return mb.identity(x=x)
    return getattr(mb, _REDUCTIONS[node.op.type])(
        x=x,
        axes=sorted(int(axis) % rank for axis in given) or list(range(rank)),
        keep_dims=bool(node.attr("keepdims", 1)),
    )


@claims(*_PLACES)
def place(mb: Any, node: Node, x: Any) -> Any:
    """The position of the largest or smallest element along `axis`; the first of equal ones."""
    if node.attr("select_last_index", 0):
        raise node.refuse("it takes the last of equal elements")
    return getattr(mb, _PLACES[node.op.type])(
        x=x, axis=node.attr("axis", 0) % len(x.shape), keep_dims=bool(node.attr("keepdims", 1))
    )


@claims("TopK", since=10)
def top_k(mb: Any, node: Node, x: Any, k: Any) -> Any:
    """The largest or smallest elements along `axis` and their positions, in order.

    Of equal elements the first are expected to come first, as in ONNX; Apple does not say.
    """
    (count,) = np.ravel(constant(node, k)).tolist()
    axis = node.attr("axis", -1) % len(x.shape)
    return tuple(mb.topk(x=x, k=int(count), axis=axis, ascending=not node.attr("largest", 1)))


@claims("Softmax", "LogSoftmax")
def softmax_of_the_rest(mb: Any, node: Node, x: Any) -> Any:
    """Before operator set 13 the sum is over all axes from `axis` on."""
    axis = node.attr("axis", 1) % len(x.shape)
    flat = mb.reshape(x=x, shape=[math.prod(x.shape[:axis]), math.prod(x.shape[axis:])])
    shares = mb.softmax(x=flat, axis=1)
    if node.op.type == "LogSoftmax":
        shares = _log_softmax(mb, flat, 1)
    return mb.reshape(x=shares, shape=list(x.shape))


@claims("LogSoftmax", since=13)
def log_softmax(mb: Any, node: Node, x: Any) -> Any:
    """The logarithm of the softmax along `axis`, without computing the softmax."""
    return _log_softmax(mb, x, node.attr("axis", -1) % len(x.shape))


def _log_softmax(mb: Any, x: Any, axis: int) -> Any:
    return mb.sub(x=x, y=mb.reduce_log_sum_exp(x=x, axes=[axis], keep_dims=True))


@claims("LpNormalization")
def lp_normalization(mb: Any, node: Node, x: Any) -> Any:
    """X divided by its norm along `axis`; zeros stay zeros."""
    norm = mb.reduce_l1_norm if node.attr("p", 2) == 1 else mb.reduce_l2_norm
    size = norm(x=x, axes=[node.attr("axis", -1) % len(x.shape)], keep_dims=True)
    zero = mb.cast(x=mb.equal(x=size, y=np.float32(0)), dtype="fp32")
    return mb.real_div(x=x, y=mb.add(x=size, y=zero))


@claims("Softmax", since=13)
def softmax(mb: Any, node: Node, x: Any) -> Any:
    """Exponentials divided by their sum along `axis`."""
    return mb.softmax(x=x, axis=node.attr("axis", -1) % len(x.shape))
