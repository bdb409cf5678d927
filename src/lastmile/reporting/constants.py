"""The value of a constant expression, found in its syntax tree: nothing of it is ever run.

What counts as constant: literals, also inside of lists, tuples, sets and dicts; operators between
constants; texts put together of them; the ordinary types of Python called with constants
(`date(2024, 1, 1)`, `Path("x") / "y"`, `set()`, `dict(a=1)`); members of an Enum of the same cell.
Numbers and texts are kept small, so that `10 ** 10 ** 10` takes no time.
"""

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

_PLAIN_NAMES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {kind.__name__: kind for kind in (bool, int, float, str, list, tuple, set, frozenset, dict)}
)
"""Types that are called by their name alone."""

_MODULE_NAMES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (date, datetime, time, timedelta, timezone, Decimal, Path, UUID)
    }
)
"""Types that stand in a module: `date` or `datetime.date`."""

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.Pow: operator.pow,
        ast.LShift: operator.lshift,
        ast.RShift: operator.rshift,
        ast.BitOr: operator.or_,
        ast.BitAnd: operator.and_,
        ast.BitXor: operator.xor,
    }
)
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = MappingProxyType(
    {
        ast.UAdd: operator.pos,
        ast.USub: operator.neg,
        ast.Invert: operator.invert,
        ast.Not: operator.not_,
    }
)
_MOST_BITS = 4096
_MOST_ITEMS = 10_000

_CANNOT = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


class NotConstant(Exception):
    """Only the kernel can know the value."""


def parse_expression(text: str) -> ast.expr:
    """The syntax tree of an expression.

    Raises:
        SyntaxError: it is none.
    """
    return _parsed(text.strip(), "eval").body  # type: ignore[no-any-return]


def parse_cell(source: str) -> ast.Module:
    """The syntax tree of a cell.

    Raises:
        SyntaxError: it is not Python.
    """
    return _parsed(source, "exec")  # type: ignore[no-any-return]


def _parsed(source: str, mode: str) -> Any:
    try:
        with warnings.catch_warnings():  # of `\\d` and the like: the kernel tells them
            warnings.simplefilter("ignore")
            return compile(source, "<parameters>", mode, ast.PyCF_ONLY_AST, dont_inherit=True)
    except (ValueError, MemoryError, RecursionError) as error:
        raise SyntaxError(str(error)) from error


def constant(node: ast.expr, classes: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """The value of an expression; `classes` are those that the same cell defines, by name.

    Raises:
        NotConstant: it has none that could be known without running it.
    """
    try:
        return _fold(node, classes)
    except _CANNOT as error:
        raise NotConstant(str(error)) from error


def _fold(node: ast.expr, classes: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911 - a table
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str()):
            return node.value
        case ast.List(elts=parts):
            return [_fold(part, classes) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_fold(part, classes) for part in parts)
        case ast.Set(elts=parts):
            return {_fold(part, classes) for part in parts}
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = zip(keys, values, strict=True)
            return {_fold(key, classes): _fold(value, classes) for key, value in pairs if key}
        case ast.UnaryOp(op=sign, operand=inner):
            return _UNARY[type(sign)](_fold(inner, classes))
        case ast.BinOp(left=left, op=sign, right=right):
            return _calculated(sign, _fold(left, classes), _fold(right, classes))
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, classes) for part in parts)
        case ast.Call():
            return _called(node, classes)
        case ast.Name(id="UTC") | ast.Attribute(value=ast.Name(id="datetime" | "dt"), attr="UTC"):
            return UTC
        case ast.Attribute(value=owner, attr="utc") if last_name(owner) == "timezone":
            return UTC
        case ast.Attribute(value=ast.Name(id=name), attr=member) if name in classes:
            return classes[name][member]
    raise NotConstant(ast.unparse(node))


def _calculated(sign: ast.operator, left: Any, right: Any) -> Any:
    """What an operator makes of two values, where that stays small."""
    sizes = [value.bit_length() for value in (left, right) if isinstance(value, int)]
    long = [len(value) for value in (left, right) if hasattr(value, "__len__")]
    match sign:
        case ast.Pow() if len(sizes) == 2:
            too_much = abs(right) * sizes[0] > _MOST_BITS
        case ast.LShift():
            too_much = right > _MOST_BITS
        case ast.Mult() if long and sizes:
            too_much = long[0] * abs(left if isinstance(left, int) else right) > _MOST_ITEMS
        case ast.Mod():
            too_much = bool(long)  # a width in a template of `%` may be any number
        case _:
            too_much = False
    if too_much or max(sizes, default=0) > _MOST_BITS or max(long, default=0) > _MOST_ITEMS:
        raise NotConstant("it would be too large")
    value = _BINARY[type(sign)](left, right)
    if isinstance(value, complex):
        raise NotConstant("it is a complex number")
    return value


def _text(part: ast.expr, classes: Mapping[str, Any]) -> str:
    """A piece of an f-string; one with a format of its own is left to the kernel."""
    match part:
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            folded = _fold(value, classes)
            if type(folded) in (bool, int, float, str):
                return str(folded)
        case ast.Constant(value=str()):
            return str(part.value)
    raise NotConstant(ast.unparse(part))


def _called(node: ast.Call, classes: Mapping[str, Any]) -> Any:
    name = last_name(node.func)
    known: Mapping[str, Any] = _MODULE_NAMES if _in_a_module(node.func) else {}
    if isinstance(node.func, ast.Name):
        known = {**_PLAIN_NAMES, **_MODULE_NAMES, **classes}
    bare = name == "time" and not (node.args or node.keywords)  # a clock, not a time of day
    if name not in known or bare or any(word.arg is None for word in node.keywords):
        raise NotConstant(ast.unparse(node))
    words = {word.arg or "": _fold(word.value, classes) for word in node.keywords}
    return known[name](*(_fold(part, classes) for part in node.args), **words)


def _in_a_module(callee: ast.expr) -> bool:
    """Whether a callee is one name in one module."""
    return isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name)


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def dotted(node: ast.expr) -> str:
    """A dotted name as it is written; empty for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name) if above := dotted(owner):
            return f"{above}.{name}"
    return ""
