"""When a delivery is made: a small expression over a run's state and values.

`failed`, `degraded and rain_share > 0.6`, `parameters.region == "north"`. The text is parsed with
`ast` and walked by the table below; nothing is ever evaluated by Python itself.
"""

import ast
import difflib
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from lastmile.values import Run, State

LONGEST = 500
"""Characters of an expression."""

STATES = ("succeeded", "degraded", "failed", "cancelled")
_SPACES = ("recorded", "parameters")
_WORDS = (*STATES, *_SPACES, "state")

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = MappingProxyType(
    {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.In: lambda left, right: left in right,
        ast.NotIn: lambda left, right: left not in right,
    }
)
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
    }
)
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare,
    ast.BinOp, ast.Name, ast.Load, ast.Constant, ast.Attribute, ast.Subscript, ast.List, ast.Tuple,
    *_COMPARE, *_ARITHMETIC,
)  # fmt: skip


class NotDecided(Exception):
    """A condition that has no answer for a run, with the reason in words."""


def check_condition(text: str) -> str:
    """The text of a condition, if it is one.

    Raises:
        ValueError: it is none, with the reason and the nearest word.
    """
    tree = _parse(text)
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise ValueError(
                f"`{ast.unparse(node)}` cannot stand in a condition: it compares states and "
                'values, such as "failed or rain_share > 0.6"'
                if isinstance(node, ast.expr)
                else "only `and or not`, comparisons and + - * / may join values"
            )
        _check_node(node)
    return text


def _check_node(node: ast.AST) -> None:
    match node:
        case ast.Constant(value=value) if not isinstance(value, bool | int | float | str | None):
            raise ValueError(f"{value!r} cannot stand in a condition")
        case ast.Attribute(value=ast.Name(id=space)) if space in _SPACES:
            return
        case ast.Subscript(value=ast.Name(id=space), slice=ast.Constant(value=str())) if (
            space in _SPACES
        ):
            return
        case ast.Attribute() | ast.Subscript():
            raise ValueError(
                f"`{ast.unparse(node)}` is not known; write recorded.NAME or parameters.NAME"
            )
        case ast.Name(id=name) if name not in _WORDS:
            near = difflib.get_close_matches(name, STATES, n=1, cutoff=0.8)
            if near:
                raise ValueError(
                    f"`{name}` is no state; did you mean `{near[0]}`? "
                    f"A value of that name is recorded.{name}"
                )


def _parse(text: str) -> ast.Expression:
    if len(text) > LONGEST:
        raise ValueError(f"a condition has at most {LONGEST} characters")
    try:
        return ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ValueError(
            f"not a condition ({reason}); write one such as "
            '"failed", "not succeeded" or "rain_share > 0.6"'
        ) from error


def holds(text: str, run: Run) -> bool:
    """Whether the condition holds for a run that has ended.

    A value that a run did not record because it is not good makes its comparison false, not
    wrong: a run that failed has often recorded nothing.

    Raises:
        NotDecided: a name is unknown, or values cannot be compared.
    """
    try:
        return bool(_value(_parse(text).body, run))
    except _Unrecorded as unknown:
        if run.state.good:
            raise NotDecided(str(unknown)) from unknown
        return False
    except (TypeError, ZeroDivisionError, OverflowError) as error:
        raise NotDecided(f"`{text}` has no answer: {error}") from error


class _Unrecorded(Exception):
    """A name that the run does not know."""


def _value(node: ast.expr, run: Run) -> Any:  # noqa: C901, PLR0911 - a table
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return _named(name, run)
        case ast.Attribute(value=ast.Name(id=space), attr=name):
            return _found(name, _space(space, run), space)
        case ast.Subscript(value=ast.Name(id=space), slice=ast.Constant(value=str() as name)):
            return _found(name, _space(space, run), space)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part, run) for part in parts]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, run)
        case ast.UnaryOp(operand=operand):
            return -_number(_value(operand, run))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, run) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, run) for part in parts)
        case ast.BinOp(left=left, op=op, right=right):
            numbers = _number(_value(left, run)), _number(_value(right, run))
            return _ARITHMETIC[type(op)](*numbers)
        case ast.Compare():
            return _compared(node, run)
    raise NotDecided(f"`{ast.unparse(node)}` cannot stand in a condition")


def _compared(node: ast.Compare, run: Run) -> bool:
    left = _value(node.left, run)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _value(comparator, run)
        if not _COMPARE[type(op)](left, right):
            return False
        left = right
    return True


def _number(value: Any) -> int | float:
    """Only numbers are computed with: a text times a million would fill the memory."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return value


def _named(name: str, run: Run) -> Any:
    if name == "state":
        return run.state.value
    if name in STATES:
        return run.state is State(name)
    return _found(name, {**run.parameters, **run.recorded}, "recorded")


def _space(space: str, run: Run) -> Mapping[str, Any]:
    return run.recorded if space == "recorded" else run.parameters


def _found(name: str, values: Mapping[str, Any], space: str) -> Any:
    if name in values:
        return values[name]
    kind = "parameter" if space == "parameters" else "value that the run recorded"
    near = difflib.get_close_matches(name, values, n=1)
    known = ", ".join(sorted(values)) or "none"
    advice = f"did you mean `{near[0]}`?" if near else f"known: {known}"
    raise _Unrecorded(f"`{name}` is no {kind}; {advice}")
