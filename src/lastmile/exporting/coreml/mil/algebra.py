"""Products of matrices."""

from typing import Any

import numpy as np

from lastmile.exporting.claims import claims
from lastmile.exporting.coreml.view import Node


@claims("MatMul")
def matmul(mb: Any, node: Node, x: Any, y: Any) -> Any:
    """The product of two tables; a list of numbers stands for a single column."""
    if len(x.shape) < 2:
        raise node.refuse("its first factor is no table")
    if len(y.shape) > 1:
        return mb.matmul(x=x, y=y)
    product = mb.matmul(x=x, y=_column(mb, y))
    return mb.reshape(x=product, shape=list(x.shape[:-1]))


@claims("Gemm", since=7)
def gemm(mb: Any, node: Node, a: Any, b: Any, c: Any = None) -> Any:
    """Alpha * a @ b + beta * c, a and b transposed on request."""
    product = mb.matmul(
        x=a, y=b, transpose_x=bool(node.attr("transA", 0)), transpose_y=bool(node.attr("transB", 0))
    )
    product = _times(mb, product, node.attr("alpha", 1.0))
    if c is None:
        return product
    return mb.add(x=product, y=_times(mb, c, node.attr("beta", 1.0)))


def _column(mb: Any, y: Any) -> Any:
    return y.reshape(-1, 1) if isinstance(y, np.ndarray) else mb.reshape(x=y, shape=[-1, 1])


def _times(mb: Any, x: Any, factor: float) -> Any:
    return x if factor == 1.0 else mb.mul(x=x, y=np.float32(factor))
