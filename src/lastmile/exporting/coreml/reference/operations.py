"""The operations of ML Programs, for all rows at once.

Every tensor has the rows as its first axis; the axes that an operation names come after it.
Source: the reference of the program operations (coremltools, `mil/ops/defs/iOS15`).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference.values import Dictionary, flat, need

Tensor = np.ndarray


def _aligned(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the same number of axes, the new ones after the rows."""
    rank = max(x.ndim, y.ndim)
    return tuple(  # type: ignore[return-value]
        one.reshape(len(one), *(1,) * (rank - one.ndim), *one.shape[1:]) for one in (x, y)
    )


def _binary(compute: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def run(x: Tensor, y: Tensor) -> Tensor:
        return np.asarray(compute(*_aligned(x, y)))

    return run


def _unary(compute: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    def run(x: Tensor) -> Tensor:
        return np.asarray(compute(x))

    return run


def _reduction(compute: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def run(x: Tensor, axes: Tensor | None = None, keep_dims: Tensor | None = None) -> Tensor:
        chosen = range(x.ndim - 1) if axes is None else axes[0].tolist()
        places = tuple(_axis(axis, x) for axis in chosen)
        keep = bool(keep_dims[0]) if keep_dims is not None else False
        return np.asarray(compute(x, axis=places, keepdims=keep), dtype=x.dtype)

    return run


def _axis(axis: int, x: Tensor) -> int:
    rank = x.ndim - 1
    need(-rank <= axis < rank, "an axis that the tensor does not have")
    return int(axis) % rank + 1


def _number(parameter: Tensor) -> int:
    return int(parameter[0])


def _relu(x: Tensor) -> Tensor:
    return np.asarray(np.maximum(x, x.dtype.type(0)))


def _sigmoid(x: Tensor) -> Tensor:
    one = x.dtype.type(1)
    return np.asarray(one / (one + np.exp(-x)))


def _erf(x: Tensor) -> Tensor:
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), dtype=x.dtype)


def _log_sum_exp(x: Tensor, *, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    top = x.max(axis=axis, keepdims=True)
    total = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return np.asarray(total if keepdims else total.squeeze(axis))


def log(x: Tensor, epsilon: Tensor) -> Tensor:
    """The natural logarithm of x + epsilon."""
    return np.asarray(np.log(x + epsilon[0]))


def softmax(x: Tensor, axis: Tensor) -> Tensor:
    """Exponentials divided by their sum along `axis`."""
    place = _axis(_number(axis), x)
    powers = np.exp(x - x.max(axis=place, keepdims=True))
    return np.asarray(powers / powers.sum(axis=place, keepdims=True))


def cast(x: Tensor, dtype: Any) -> Tensor:
    """Another element type; floats become whole numbers by dropping the fraction."""
    name = str(np.ravel(dtype)[0])
    types: dict[str, Any] = {"fp32": np.float32, "int32": np.int32, "bool": np.bool_}
    need(name in types, f"a cast to {name}")
    return x.astype(types[name])


def select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """A where the condition holds, else b."""
    return np.where(cond, a, b)


def reshape(x: Tensor, shape: Tensor) -> Tensor:
    """The same elements in the same order."""
    return x.reshape(len(x), *shape[0].tolist())


def transpose(x: Tensor, perm: Tensor) -> Tensor:
    """Axes in another order."""
    return x.transpose(0, *(_axis(axis, x) for axis in perm[0].tolist()))


def concat(values: list[Tensor], axis: Tensor, interleave: Tensor | None = None) -> Tensor:
    """Tensors side by side along `axis`."""
    need(interleave is None or not interleave[0], "interleaved tensors")
    rows = max(len(one) for one in values)
    whole = [one if len(one) == rows else np.repeat(one, rows, axis=0) for one in values]
    return np.concatenate(whole, axis=_axis(_number(axis), values[0]))


def gather(x: Tensor, indices: Tensor, axis: Tensor, batch_dims: Tensor | None = None) -> Tensor:
    """Slices of x along `axis` by their positions; since iOS 16 it may be told of batches."""
    need(batch_dims is None or not _number(batch_dims), "a gather of batches")
    place = _axis(_number(axis), x)
    if len(indices) == 1:
        return np.asarray(np.take(x, indices[0], axis=place))
    if len(x) == 1:
        return np.moveaxis(np.take(x[0], indices, axis=place - 1), place - 1, 0)
    if x.ndim == indices.ndim == 2:
        return np.asarray(np.take_along_axis(x, indices.astype(np.int64), axis=1))
    return np.stack([np.take(x[row], indices[row], axis=place - 1) for row in range(len(x))])


def matmul(
    x: Tensor, y: Tensor, transpose_x: Tensor | None = None, transpose_y: Tensor | None = None
) -> Tensor:
    """The product of the last two axes, each transposed on request."""
    left, right = _aligned(x, y)
    if transpose_x is not None and transpose_x[0]:
        left = np.swapaxes(left, -1, -2)
    if transpose_y is not None and transpose_y[0]:
        right = np.swapaxes(right, -1, -2)
    if len(right) == 1 and left.ndim == 3:
        product = np.asarray(left.reshape(-1, left.shape[-1]) @ right[0])
        return product.reshape(*left.shape[:-1], right.shape[-1])
    return np.asarray(np.matmul(left, right))


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """X times the transposed weights, plus the bias."""
    product = matmul(x, weight, transpose_y=np.array([True]))
    return product if bias is None else np.asarray(np.add(*_aligned(product, bias)))


def place_of(compute: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The position of an extreme along one axis; the first of equal ones."""

    def run(x: Tensor, axis: Tensor, keep_dims: Tensor | None = None) -> Tensor:
        keep = bool(keep_dims[0]) if keep_dims is not None else False
        places = compute(x, axis=_axis(_number(axis), x), keepdims=keep)
        return np.asarray(places, dtype=np.int32)

    return run


def topk(
    x: Tensor, k: Tensor, axis: Tensor, ascending: Tensor | None = None, **_: Any
) -> tuple[Tensor, Tensor]:
    """The k largest, or smallest, along `axis` and their positions, in order.

    Of equal ones the first comes first; Apple does not say.
    """
    place, count = _axis(_number(axis), x), _number(k)
    need(0 < count <= x.shape[place], "more of the largest than there are")
    rising = ascending is not None and bool(ascending[0])
    order = np.argsort(x if rising else -x, axis=place, kind="stable")
    order = order.take(range(count), axis=place)
    return np.take_along_axis(x, order, axis=place), order.astype(np.int32)


def tile(x: Tensor, reps: Tensor) -> Tensor:
    """The tensor again and again along each axis."""
    need(np.prod(reps[0], dtype=float) * x.size < 2**31, "a tensor that fits nowhere")
    return np.tile(x, (1, *reps[0].tolist()))


def _elu(x: Tensor, alpha: Tensor) -> Tensor:
    return np.asarray(np.where(x > 0, x, alpha[0] * np.expm1(np.minimum(x, 0))), dtype=x.dtype)


def _leaky(x: Tensor, alpha: Tensor) -> Tensor:
    return np.where(x >= 0, x, alpha[0] * x)


def _softplus(x: Tensor) -> Tensor:
    return np.asarray(np.logaddexp(x, x.dtype.type(0)))


def gelu(x: Tensor, mode: Any) -> Tensor:
    """X times the share of a normal distribution below it."""
    half, one = x.dtype.type(0.5), x.dtype.type(1)
    if str(np.ravel(mode)[0]) == "EXACT":
        return np.asarray(half * x * (one + _erf(x * x.dtype.type(math.sqrt(0.5)))))
    inner = x.dtype.type(math.sqrt(2 / math.pi)) * (x + x.dtype.type(0.044715) * x**3)
    return np.asarray(half * x * (one + np.tanh(inner)))


def classify(probabilities: Tensor, classes: list[Any]) -> tuple[Tensor, Dictionary]:
    """The class of the largest probability, the first of equal ones, and all of them by class."""
    table = flat(probabilities)
    need(table.shape[1] == len(classes) > 0, "as many probabilities as classes")
    names = np.array(classes, dtype=object if isinstance(classes[0], str) else np.int64)
    return names[table.argmax(axis=1)], Dictionary(tuple(classes), table.astype(np.float64))


def expand_dims(x: Tensor, axes: Tensor) -> Tensor:
    """With new axes of size 1."""
    rank = x.ndim - 1 + axes.size
    places = tuple(sorted(int(axis) % rank + 1 for axis in axes[0].tolist()))
    return np.expand_dims(x, places)


def squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Without axes of size 1, all of them or those that are named."""
    ones = [axis for axis in range(1, x.ndim) if x.shape[axis] == 1]
    gone = ones if axes is None else [_axis(axis, x) for axis in axes[0].tolist()]
    return np.squeeze(x, tuple(gone))


def clip(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Not below alpha and not above beta."""
    return np.asarray(np.minimum(np.maximum(x, alpha[0]), beta[0]))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "abs": _unary(np.abs),
    "acos": _unary(np.arccos),
    "add": _binary(np.add),
    "asin": _unary(np.arcsin),
    "atan": _unary(np.arctan),
    "atanh": _unary(np.arctanh),
    "cast": cast,
    "ceil": _unary(np.ceil),
    "classify": classify,
    "clip": clip,
    "concat": concat,
    "cos": _unary(np.cos),
    "cosh": _unary(np.cosh),
    "elu": _elu,
    "equal": _binary(np.equal),
    "erf": _unary(_erf),
    "exp": _unary(np.exp),
    "expand_dims": expand_dims,
    "floor": _unary(np.floor),
    "gather": gather,
    "gelu": gelu,
    "greater": _binary(np.greater),
    "greater_equal": _binary(np.greater_equal),
    "identity": _unary(np.asarray),
    "leaky_relu": _leaky,
    "less": _binary(np.less),
    "less_equal": _binary(np.less_equal),
    "linear": linear,
    "log": log,
    "logical_and": _binary(np.logical_and),
    "logical_not": _unary(np.logical_not),
    "logical_or": _binary(np.logical_or),
    "logical_xor": _binary(np.logical_xor),
    "matmul": matmul,
    "maximum": _binary(np.maximum),
    "minimum": _binary(np.minimum),
    "mod": _binary(np.mod),
    "mul": _binary(np.multiply),
    "not_equal": _binary(np.not_equal),
    "pow": _binary(np.power),
    "real_div": _binary(np.true_divide),
    "reduce_argmax": place_of(np.argmax),
    "reduce_argmin": place_of(np.argmin),
    "reduce_l1_norm": _reduction(lambda x, **k: np.abs(x).sum(**k)),
    "reduce_l2_norm": _reduction(lambda x, **k: np.sqrt(np.square(x).sum(**k))),
    "reduce_log_sum_exp": _reduction(_log_sum_exp),
    "reduce_max": _reduction(np.max),
    "reduce_mean": _reduction(np.mean),
    "reduce_min": _reduction(np.min),
    "reduce_prod": _reduction(np.prod),
    "reduce_sum": _reduction(np.sum),
    "reduce_sum_square": _reduction(lambda x, **k: np.square(x).sum(**k)),
    "relu": _unary(_relu),
    "relu6": _unary(lambda x: np.minimum(_relu(x), x.dtype.type(6))),
    "reshape": reshape,
    "round": _unary(np.round),
    "select": select,
    "sigmoid": _unary(_sigmoid),
    "sign": _unary(np.sign),
    "sin": _unary(np.sin),
    "sinh": _unary(np.sinh),
    "softmax": softmax,
    "softplus": _unary(_softplus),
    "softsign": _unary(lambda x: x / (1 + np.abs(x))),
    "square": _unary(np.square),
    "squeeze": squeeze,
    "sqrt": _unary(np.sqrt),
    "sub": _binary(np.subtract),
    "tan": _unary(np.tan),
    "tanh": _unary(np.tanh),
    "tile": tile,
    "topk": topk,
    "transpose": transpose,
}
