"""ONNX's classical operators as arithmetic, for where a tensor operator stands before them.

Numbers are [1, C] f32. The formulas are those of the operators' documentation (ONNX, `ai.onnx.ml`).
"""

import math
from typing import Any

import numpy as np

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.mil.elementwise import is_float
from lastmile.exporting.coreml.view import Node


@claims("Scaler", domain=ML)
def scaler(mb: Any, node: Node, x: Any) -> Any:
    """(x - offset) * scale."""
    centred = mb.sub(x=x, y=node.array("offset", np.float32))
    return mb.mul(x=centred, y=node.array("scale", np.float32))


@claims("Imputer", domain=ML)
def imputer(mb: Any, node: Node, x: Any) -> Any:
    """X with its missing numbers replaced, each column by its own value."""
    values = node.array("imputed_value_floats", np.float32)
    if not values.size:
        raise node.refuse("it replaces whole numbers")
    replaced = float(node.attr("replaced_value_float", 0.0))
    missing = (
        mb.not_equal(x=x, y=x) if math.isnan(replaced) else mb.equal(x=x, y=np.float32(replaced))
    )
    values = np.ascontiguousarray(np.broadcast_to(values, tuple(x.shape)))
    return mb.select(cond=missing, a=values, b=x)


@claims("Normalizer", domain=ML)
def normalizer(mb: Any, node: Node, x: Any) -> Any:
    """X divided by its norm; a row of zeros stays as it is, as in ONNX Runtime."""
    norm = node.attr("norm", "MAX")
    last = [len(x.shape) - 1]
    if norm == "MAX":
        size = mb.reduce_max(x=x, axes=last, keep_dims=True)
    elif norm == "L1":
        size = mb.reduce_l1_norm(x=x, axes=last, keep_dims=True)
    else:
        size = mb.reduce_l2_norm(x=x, axes=last, keep_dims=True)
    zero = mb.cast(x=mb.equal(x=size, y=np.float32(0)), dtype="fp32")
    return mb.real_div(x=x, y=mb.add(x=size, y=zero))


@claims("Binarizer", domain=ML)
def binarizer(mb: Any, node: Node, x: Any) -> Any:
    """1 where x is above the threshold, else 0."""
    above = mb.greater(x=x, y=np.float32(node.attr("threshold", 0.0)))
    return mb.cast(x=above, dtype="fp32")


@claims("OneHotEncoder", domain=ML)
def one_hot(mb: Any, node: Node, x: Any) -> Any:
    """Each number as zeros with a one at the place of its category.  [1, C] -> [1, C, K]."""
    if "cats_int64s" not in node.attrs:
        raise node.refuse("texts only enter as whole columns")
    if not node.attr("zeros", 1):
        raise node.refuse("an unknown category would have to be an error")
    dtype = np.float32 if is_float(x) else np.int32
    wide = mb.reshape(x=x, shape=[*x.shape, 1])
    same = mb.equal(x=wide, y=node.array("cats_int64s", dtype))
    return mb.cast(x=same, dtype="fp32")


@claims("LinearRegressor", domain=ML)
def linear_regressor(mb: Any, node: Node, x: Any) -> Any:
    """Features times coefficients, plus intercepts.  [1, C] -> [1, targets]."""
    if node.attr("post_transform", "NONE") != "NONE":
        raise node.refuse("it ends in a transform")
    return _affine(mb, node, x, int(node.attr("targets", 1)))


@claims("LinearClassifier", domain=ML)
def linear_classifier(mb: Any, node: Node, x: Any) -> tuple[None, Any]:
    """The scores of the classes after their transform.  [1, C] -> [1, K].

    The label is not computed here: it is the class of the largest score.
    """
    classes = len(node.attr("classlabels_strings") or node.attr("classlabels_ints") or ())
    rows = node.array("coefficients").size // x.shape[-1]
    scores = _affine(mb, node, x, rows)
    transform = node.attr("post_transform", "NONE")
    if rows == 1 and classes == 2:
        if transform != "LOGISTIC":
            raise node.refuse("one score without a sigmoid")
        second = mb.sigmoid(x=scores)
        return None, mb.concat(values=[mb.sub(x=np.float32(1), y=second), second], axis=1)
    if transform == "LOGISTIC":
        return None, mb.sigmoid(x=scores)
    if transform == "SOFTMAX":
        return None, mb.softmax(x=scores, axis=1)
    if transform != "NONE":
        raise node.refuse(f"it ends in {transform}")
    return None, scores


def _affine(mb: Any, node: Node, x: Any, rows: int) -> Any:
    weights = node.array("coefficients", np.float32).reshape(rows, -1)
    product = mb.matmul(x=x, y=weights, transpose_y=True)
    offset = node.array("intercepts", np.float32)
    return mb.add(x=product, y=offset.reshape(1, -1)) if offset.size else product
