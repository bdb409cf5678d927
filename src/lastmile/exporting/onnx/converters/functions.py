"""Functions of NumPy, traced: the function is called once, with an array that writes nodes.

Understood are arithmetic, comparisons, the functions of one and two arguments in the tables below,
`where`, `clip`, `nan_to_num`, and joining and picking columns. What a function decides by looking
at numbers themselves cannot be traced, and is refused.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.columnwise import columnwise
from lastmile.exporting.onnx.converters.linear import made
from lastmile.exporting.onnx.converters.text_functions import demand_flattening
from lastmile.exporting.onnx.nodes import Parts, width_of
from lastmile.exporting.onnx.precise import expm1, log1p
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind

Known = Callable[..., str]


def _node(type_: str) -> Known:
    return lambda writer, *inputs: writer(type_, *inputs)


def _through(type_: str, factor: float) -> Known:
    return lambda writer, x: writer("Mul", writer(type_, x), np.float32(factor))


def _square(writer: Writer, x: str) -> str:
    return writer("Mul", x, x)


def _two_to(writer: Writer, x: str) -> str:
    return writer("Pow", np.float32(2), x)


_FUNCTIONS: dict[Any, Known] = {
    np.add: _node("Add"),
    np.subtract: _node("Sub"),
    np.multiply: _node("Mul"),
    np.true_divide: _node("Div"),
    np.power: _node("Pow"),
    np.float_power: _node("Pow"),
    np.maximum: _node("Max"),
    np.minimum: _node("Min"),
    np.negative: _node("Neg"),
    np.positive: _node("Identity"),
    np.absolute: _node("Abs"),
    np.fabs: _node("Abs"),
    np.sign: _node("Sign"),
    np.sqrt: _node("Sqrt"),
    np.square: _square,
    np.exp: _node("Exp"),
    np.exp2: _two_to,
    np.expm1: expm1,
    np.log: _node("Log"),
    np.log1p: log1p,
    np.log2: _through("Log", 1 / np.log(2)),
    np.log10: _through("Log", 1 / np.log(10)),
    np.sin: _node("Sin"),
    np.cos: _node("Cos"),
    np.tan: _node("Tan"),
    np.tanh: _node("Tanh"),
    np.sinh: _node("Sinh"),
    np.cosh: _node("Cosh"),
    np.arctan: _node("Atan"),
    np.reciprocal: _node("Reciprocal"),
    np.floor: _node("Floor"),
    np.ceil: _node("Ceil"),
    np.rint: _node("Round"),
}
"""Functions of numbers that give numbers, and the nodes that do the same."""

_QUESTIONS: dict[Any, Known] = {
    np.greater: _node("Greater"),
    np.greater_equal: _node("GreaterOrEqual"),
    np.less: _node("Less"),
    np.less_equal: _node("LessOrEqual"),
    np.equal: _node("Equal"),
    np.logical_and: _node("And"),
    np.logical_or: _node("Or"),
    np.logical_not: _node("Not"),
    np.isnan: _node("IsNaN"),
}
"""Functions that give truth values."""

_RISING = (np.exp, np.expm1, np.exp2, np.log, np.log1p, np.log2, np.log10, np.sqrt, np.tanh,
           np.arctan, np.sinh, np.negative, np.floor, np.ceil, np.rint)  # fmt: skip
"""Functions that rise or fall everywhere: trees behind them are cut on the column itself."""


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """An array [N, width] that is not known yet; what is done to it is written down."""

    def __init__(self, writer: Writer, name: str, width: int, *, truth: bool = False) -> None:
        self._writer, self.name, self.width, self.truth = writer, name, width, truth
        self.ndim = 2

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise Untraceable(f"np.{ufunc.__name__}.{method}")
        question = ufunc in _QUESTIONS
        known = _QUESTIONS.get(ufunc) or _FUNCTIONS.get(ufunc)
        if known is None:
            raise Untraceable(f"np.{ufunc.__name__}")
        logical = ufunc in (np.logical_and, np.logical_or, np.logical_not)
        given = [self._given(one, truth=logical) for one in inputs]
        width = max(map(_width, inputs))
        return Traced(self._writer, known(self._writer, *given), width, truth=question)

    def _given(self, value: Any, *, truth: bool = False) -> Any:
        if isinstance(value, Traced):
            if value.truth and not truth:
                return self._writer("Cast", value.name, to=onnx.TensorProto.FLOAT)
            return value.name
        return np.asarray(value, dtype=bool if truth else np.float32)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        name = function.__name__
        if name == "where" and len(inputs) == 3:
            return self._where(*inputs)
        if name == "clip":
            return self._clip(*inputs, **options)
        if name == "nan_to_num":
            fill = np.float32(options.get("nan", 0.0))
            missing = self._writer("IsNaN", self._given(inputs[0]))
            filled = self._writer("Where", missing, fill, self._given(inputs[0]))
            return Traced(self._writer, filled, inputs[0].width)
        if name in ("concatenate", "hstack", "column_stack") and self._side_by_side(name, options):
            return self._joined(inputs[0])
        raise Untraceable(f"np.{name}")

    def _side_by_side(self, name: str, options: dict[str, Any]) -> bool:
        return name != "concatenate" or options.get("axis") in (1, -1)

    def _where(self, condition: Any, yes: Any, no: Any) -> "Traced":
        width = max(map(_width, (condition, yes, no)))
        chosen = self._writer(
            "Where", self._given(condition, truth=True), self._given(yes), self._given(no)
        )
        return Traced(self._writer, chosen, width)

    def _clip(self, x: Any, a_min: Any = None, a_max: Any = None, **more: Any) -> "Traced":
        low, high = more.get("min", a_min), more.get("max", a_max)
        result = self._given(x)
        for bound, type_ in ((low, "Max"), (high, "Min")):
            if bound is not None:
                result = self._writer(type_, result, np.asarray(bound, dtype=np.float32))
        return Traced(self._writer, result, x.width)

    def clip(self, low: Any = None, high: Any = None) -> "Traced":
        """As `numpy.ndarray.clip`."""
        return self._clip(self, low, high)

    def _joined(self, values: Any) -> "Traced":
        if not all(isinstance(value, Traced) for value in values):
            raise Untraceable("joining columns with numbers")
        names = [self._given(value) for value in values]
        joined = self._writer("Concat", *names, axis=1)
        return Traced(self._writer, joined, sum(value.width for value in values))

    def __getitem__(self, key: Any) -> "Traced":
        rows, columns = key if isinstance(key, tuple) and len(key) == 2 else (None, None)
        if rows != slice(None):
            raise Untraceable("picking rows")
        places = np.atleast_1d(np.arange(self.width)[columns])
        picked = self._writer("Gather", self._given(self), places, axis=1)
        return Traced(self._writer, picked, len(places))

    @property
    def values(self) -> "Traced":
        """As of a DataFrame."""
        return self

    def to_numpy(self, *_: Any, **__: Any) -> "Traced":
        """As of a DataFrame."""
        return self

    def astype(self, *_: Any, **__: Any) -> "Traced":
        """Numbers are floats of 32 bits here."""
        return Traced(self._writer, self._given(self), self.width)

    def copy(self) -> "Traced":
        """Nothing is ever changed in place."""
        return self

    def reshape(self, *shape: Any) -> "Traced":
        """Only into one column of one column."""
        if self.width == 1 and shape in ((-1, 1), ((-1, 1),)):
            return self
        raise Untraceable("reshape")

    def __bool__(self) -> bool:
        raise Untraceable("a decision by the numbers themselves")

    __iter__ = None


def _width(value: Any) -> int:
    return value.width if isinstance(value, Traced) else int(np.shape(np.atleast_1d(value))[-1])


_FIX = "use functions of NumPy on whole columns, or a transformer with a method `to_onnx`"


class Untraceable(Exception):
    """The function does something that has no nodes; the message names it."""


def traced(
    writer: Writer, function: Callable[..., Any], parts: Parts, keywords: dict[str, Any]
) -> Parts:
    """What `function` makes of the parts.

    Raises:
        NotExportable: it cannot be traced.
    """
    given = Traced(writer, writer.matrix(parts), width_of(parts))
    try:
        result = function(given, **keywords)
    except Untraceable as reason:
        raise writer.refusal(f"its function uses {reason}", _FIX) from reason
    except Exception as error:  # whatever a function does with an array that it does not expect
        raise writer.refusal(f"its function cannot be traced: {error}", _FIX) from error
    if not isinstance(result, Traced):
        raise writer.refusal("its function does not use what it is given", _FIX)
    return made(result.astype().name, result.width)


@converts("FunctionTransformer")
def function(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The columns as they are, or what the traced function makes of them."""
    keywords = dict(estimator.kw_args or {})
    if estimator.func is None:
        return Answer(features=parts)
    if any(part.kind is Kind.STRING for part in parts):
        return Answer(features=_of_texts(writer, estimator.func, parts, keywords))
    result = traced(writer, estimator.func, parts, keywords)
    if estimator.func in _RISING and not estimator.kw_args:
        return Answer(features=columnwise(result[0].name, estimator, parts))
    return Answer(features=result)


def _of_texts(
    writer: Writer, function: Callable[..., Any], parts: Parts, keywords: dict[str, Any]
) -> Parts:
    """The one column of texts itself, where the function only takes it out of its table."""
    if width_of(parts) != 1:
        raise writer.refusal("its function reads texts of several columns", _TEXTS)
    try:
        demand_flattening(function, keywords)
    except Exception as error:  # whatever a function does with an array that it does not expect
        raise writer.refusal(f"its function reads texts: {error}", _TEXTS) from error
    return parts


_TEXTS = "change texts before the pipeline sees them, or in a transformer with a method `to_onnx`"
