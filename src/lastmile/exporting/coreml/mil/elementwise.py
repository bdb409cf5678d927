"""Arithmetic, comparisons and choices, element by element with NumPy's broadcasting."""

from functools import reduce
from typing import Any

import numpy as np

from lastmile.exporting.claims import claims
from lastmile.exporting.coreml.schema import dtype_name
from lastmile.exporting.coreml.view import Node

_BINARY = {
    "Add": "add",
    "Sub": "sub",
    "Mul": "mul",
    "Pow": "pow",
    "Equal": "equal",
    "Less": "less",
    "LessOrEqual": "less_equal",
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "And": "logical_and",
    "Or": "logical_or",
    "Xor": "logical_xor",
}

_UNARY = {
    "Abs": "abs",
    "Acos": "acos",
    "Asin": "asin",
    "Atan": "atan",
    "Atanh": "atanh",
    "Ceil": "ceil",
    "Cos": "cos",
    "Cosh": "cosh",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "Not": "logical_not",
    "Relu": "relu",
    "Round": "round",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Sinh": "sinh",
    "Sqrt": "sqrt",
    "Tan": "tan",
    "Tanh": "tanh",
}

_VARIADIC = {"Max": "maximum", "Min": "minimum", "Sum": "add"}


@claims(*_BINARY, since=7)
def binary(mb: Any, node: Node, x: Any, y: Any) -> Any:
    """The operation of the same meaning on two tensors."""
    return getattr(mb, _BINARY[node.op.type])(x=x, y=y)


@claims(*_UNARY)
def unary(mb: Any, node: Node, x: Any) -> Any:
    """The operation of the same meaning on one tensor."""
    return getattr(mb, _UNARY[node.op.type])(x=x)


@claims(*_VARIADIC, since=8)
def variadic(mb: Any, node: Node, *inputs: Any) -> Any:
    """The operation over any number of tensors, two at a time."""
    operation = getattr(mb, _VARIADIC[node.op.type])
    if len(inputs) == 1:
        return mb.identity(x=inputs[0])
    return reduce(lambda x, y: operation(x=x, y=y), inputs)


@claims("Div", since=7)
def div(mb: Any, node: Node, x: Any, y: Any) -> Any:
    """X / y of floats; a division of whole numbers truncates in ONNX and is refused."""
    if not is_float(x) or not is_float(y):
        raise node.refuse("it divides whole numbers")
    return mb.real_div(x=x, y=y)


@claims("Neg", since=6)
def neg(mb: Any, node: Node, x: Any) -> Any:
    """-x."""
    return mb.mul(x=x, y=np.float32(-1) if is_float(x) else np.int32(-1))


@claims("Reciprocal", since=6)
def reciprocal(mb: Any, node: Node, x: Any) -> Any:
    """1 / x; the operation `inverse` would add 1e-4 to x."""
    return mb.real_div(x=np.float32(1), y=x)


@claims("Log", since=6)
def log(mb: Any, node: Node, x: Any) -> Any:
    """The natural logarithm, without the small number that `log` adds by default."""
    return mb.log(x=x, epsilon=np.float32(0))


@claims("Clip")
def clip_by_attributes(mb: Any, node: Node, x: Any) -> Any:
    """The same before operator set 11, with the bounds as attributes."""
    bounds = [node.attr(name) for name in ("min", "max")]
    return clip(mb, node, x, *(None if one is None else np.float32(one) for one in bounds))


@claims("Mod", since=10)
def mod(mb: Any, node: Node, x: Any, y: Any) -> Any:
    """The remainder with the sign of y; `fmod`, with the sign of x, is refused."""
    if node.attr("fmod", 0):
        raise node.refuse("its remainder has the sign of the dividend")
    return mb.mod(x=x, y=y)


@claims("Clip", since=11)
def clip(mb: Any, node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    """X not below `low` and not above `high`, each where given."""
    if low is not None:
        x = mb.maximum(x=x, y=low)
    if high is not None:
        x = mb.minimum(x=x, y=high)
    return x


@claims("Where", since=9)
def where(mb: Any, node: Node, condition: Any, x: Any, y: Any) -> Any:
    """X where the condition holds, else y.

    The operation `select` wants its three tensors to have one shape, so they are broadcast.
    """
    shape = np.broadcast_shapes(*(tuple(one.shape) for one in (condition, x, y)))
    flags = mb.cast(x=condition, dtype="int32")
    flags = mb.greater(x=spread(mb, flags, shape), y=np.int32(0))
    return mb.select(cond=flags, a=spread(mb, x, shape), b=spread(mb, y, shape))


@claims("IsNaN", since=9)
def is_nan(mb: Any, node: Node, x: Any) -> Any:
    """Whether x differs from itself."""
    return mb.not_equal(x=x, y=x)


def spread(mb: Any, x: Any, shape: tuple[int, ...]) -> Any:
    """`x` broadcast to `shape`."""
    if tuple(x.shape) == shape:
        return x
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(np.broadcast_to(x, shape))
    zeros = np.zeros(shape, dtype=np.float32 if is_float(x) else np.int32)
    return mb.add(x=x, y=zeros)


def is_float(x: Any) -> bool:
    """Whether a constant or a program value holds floats."""
    if isinstance(x, np.ndarray | np.generic):
        return bool(np.issubdtype(x.dtype, np.floating))
    return dtype_name(x).startswith("fp")
