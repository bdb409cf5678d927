"""Sums, extremes and their places along axes."""

from typing import Any

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


@claims("Softmax", since=13)
def softmax(mb: Any, node: Node, x: Any) -> Any:
    """Exponentials divided by their sum along `axis`."""
    return mb.softmax(x=x, axis=node.attr("axis", -1) % len(x.shape))
