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


@claims("LabelEncoder", since=2, domain=ML)
def label_encoder(mb: Any, node: Node, x: Any) -> Any:
    """Each number looked up in a table; what is not in it, and NaN, gets the default."""
    return _looked_up(mb, node, x, with_nan=False)


@claims("LabelEncoder", since=4, domain=ML)
def label_encoder_with_nan(mb: Any, node: Node, x: Any) -> Any:
    """The same; NaN is a key like any other."""
    return _looked_up(mb, node, x, with_nan=True)


def _looked_up(mb: Any, node: Node, x: Any, *, with_nan: bool) -> Any:
    keys, values, default = _table(node, is_float(x))
    wide = mb.reshape(x=x, shape=[*x.shape, 1])
    same = mb.logical_and(x=mb.equal(x=wide, y=np.nan_to_num(keys)), y=~np.isnan(keys))
    if with_nan and np.isnan(keys).any():
        gone = mb.logical_and(x=mb.not_equal(x=wide, y=wide), y=np.isnan(keys))
        same = mb.logical_or(x=same, y=gone)
    flags = mb.cast(x=same, dtype="fp32")
    place = mb.reduce_argmax(x=flags, axis=len(x.shape), keep_dims=False)
    found = mb.greater(
        x=mb.reduce_max(x=flags, axes=[len(x.shape)], keep_dims=False), y=np.float32(0.5)
    )
    behind = np.full(tuple(x.shape), len(keys), dtype=np.int32)
    place = mb.select(cond=found, a=place, b=behind)
    return mb.gather(x=np.append(values, default).astype(values.dtype), indices=place, axis=0)


def _table(node: Node, floats: bool) -> tuple[np.ndarray, np.ndarray, Any]:
    """Keys, values, and the default, in the types of a program."""
    keys = node.attrs.get("keys_floats", node.attrs.get("keys_int64s"))
    if keys is None:
        raise node.refuse("texts only enter as whole columns")
    if "values_floats" in node.attrs:
        values, default = node.array("values_floats", np.float32), node.attr("default_float", -0.0)
    elif "values_int64s" in node.attrs:
        values, default = node.array("values_int64s", np.int32), node.attr("default_int64", -1)
    else:
        raise node.refuse("texts only leave as labels")
    return np.asarray(keys, dtype=np.float32 if floats else np.int32), values, default


@claims("FeatureVectorizer", domain=ML)
def feature_vectorizer(mb: Any, node: Node, *inputs: Any) -> Any:
    """Tables side by side."""
    floats = [one if is_float(one) else mb.cast(x=one, dtype="fp32") for one in inputs]
    return floats[0] if len(floats) == 1 else mb.concat(values=floats, axis=1)


@claims("SVMRegressor", domain=ML)
def svm_regressor(mb: Any, node: Node, x: Any) -> Any:
    """What the support vectors weigh, by their kernel with x.  [1, C] -> [1, 1]."""
    if node.attr("one_class", 0) or node.attr("post_transform", "NONE") != "NONE":
        raise node.refuse("it ends in a sign or a transform")
    count = int(node.attr("n_supports", 0))
    weights = node.array("coefficients", np.float32)
    vectors = node.array("support_vectors", np.float32).reshape(max(count, 1), -1)
    if not count:
        vectors, weights = weights.reshape(1, -1), np.ones(1, np.float32)
    alike = _kernel(mb, node, x, vectors) if count else mb.matmul(x=x, y=vectors, transpose_y=True)
    total = mb.matmul(x=alike, y=weights.reshape(-1, 1))
    return mb.add(x=total, y=node.array("rho", np.float32)[:1])


def _kernel(mb: Any, node: Node, x: Any, vectors: np.ndarray) -> Any:
    """The kernel of x and each support vector: [1, n]."""
    gamma, shift, degree = node.array("kernel_params", np.float32)
    kind = node.attr("kernel_type", "LINEAR")
    if kind == "RBF":
        apart = mb.sub(x=mb.reshape(x=x, shape=[1, 1, x.shape[-1]]), y=vectors[None])
        square = mb.reduce_sum_square(x=apart, axes=[2], keep_dims=False)
        return mb.exp(x=mb.mul(x=square, y=-gamma))
    product = mb.matmul(x=x, y=vectors, transpose_y=True)
    if kind == "LINEAR":
        return product
    line = mb.add(x=mb.mul(x=product, y=gamma), y=shift)
    return mb.tanh(x=line) if kind == "SIGMOID" else mb.pow(x=line, y=degree)


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
