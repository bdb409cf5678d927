"""What a parameter's default says: its value, and where only the kernel can know that, its type.

The default is read from its syntax tree. A literal has a value. Of an expression, of `2 * 30` too,
the kernel computes the value; its type is known where it can be nothing else: an f-string is a
text, `date.today() - timedelta(days=7)` is a date.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from lastmile.reporting.constants import NotConstant, constant, dotted, last_name
from lastmile.reporting.kinds import (
    COMPUTED,
    MOMENT_NAMES,
    Constructor,
    Month,
    container_of,
    many,
    type_of_value,
    union,
)

UNKNOWN_DEFAULT = object()
"""Marks a default that is an expression: only the kernel can know its value."""

_CALLED: Mapping[str, Any] = MappingProxyType(
    {
        **dict.fromkeys(("str", "repr", "format", "getuser", "gethostname"), str),
        **{kind.__name__: kind for kind in (bool, int, float, date, datetime, timedelta)},
        **{kind.__name__: kind for kind in (Decimal, Path, UUID)},
        **dict.fromkeys(("len", "round"), int),
        **dict.fromkeys(("list", "sorted"), many(list, COMPUTED)),
        "tuple": many(tuple, COMPUTED),
        "set": many(set, COMPUTED),
        "frozenset": many(frozenset, COMPUTED),
        "dict": many(dict, str, COMPUTED),
        "uuid4": UUID,
        "date.today": date,
        "date.fromisoformat": date,
        **dict.fromkeys(
            (
                f"datetime.{name}"
                for name in ("now", "utcnow", "today", "strptime", "fromisoformat", "combine")
            ),
            datetime,
        ),
        **dict.fromkeys(("Path.cwd", "Path.home"), Path),
        **dict.fromkeys(
            (f"path.{name}" for name in ("join", "abspath", "expanduser", "dirname", "basename")),
            str,
        ),
    }
)
"""What the well-known functions give, by the end of their name."""

_KEEPING: Mapping[Any, frozenset[str]] = MappingProxyType(
    {
        str: frozenset(("format", "join", "lower", "replace", "strip", "title", "upper", "zfill")),
        Path: frozenset(("absolute", "expanduser", "joinpath", "parent", "resolve", "with_suffix")),
        datetime: frozenset(("astimezone", "replace")),
        date: frozenset(("replace",)),
    }
)
"""Methods and properties that give what they belong to."""

_IN_MODULES = frozenset(
    ("date", "datetime", "timedelta", "Decimal", "Path", "UUID", "getuser", "gethostname", "uuid4")
)
"""Functions that are known also behind the name of their module."""

_TEXTS = frozenset(("isoformat", "name", "read_text", "stem", "strftime", "suffix"))
"""Methods and properties of moments and paths that give a text."""

_LITERAL = (
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.Call,
    ast.keyword,
    ast.Name,
    ast.Attribute,
    ast.UnaryOp,
    ast.unaryop,
    ast.expr_context,
)
_CLASS_NAME = re.compile(r"_*[A-Z]\w*[a-z]\w*")
_ARRAYS = re.compile(r"array|asarray|(u?int|float)\d+|bool_|str_")


def default_of(node: ast.expr | None, classes: Mapping[str, Any]) -> tuple[Any, Any]:
    """The type and the value of a default; `classes` are those of the same cell, by name.

    The type is `COMPUTED` where nothing is known of it, the value `UNKNOWN_DEFAULT`. A default of
    None has the type of None.
    """
    if node is None:
        return COMPUTED, UNKNOWN_DEFAULT
    kind = _kind(node, classes)
    if isinstance(kind, Constructor) or not all(isinstance(p, _LITERAL) for p in ast.walk(node)):
        return kind, UNKNOWN_DEFAULT
    try:
        value = constant(node, classes)
    except NotConstant:
        return kind, UNKNOWN_DEFAULT
    return kind, UNKNOWN_DEFAULT if kind == COMPUTED else value


def _kind(node: ast.expr, classes: Mapping[str, Any]) -> Any:
    try:
        return type_of_value(constant(node, classes))
    except NotConstant:
        pass
    try:
        return _of_expression(node, classes)
    except RecursionError:
        return COMPUTED


def _of_expression(node: ast.expr, classes: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911 - a table
    match node:
        case ast.JoinedStr():
            return str
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return bool
        case ast.BoolOp(values=parts):
            return _same(_kind(part, classes) for part in parts)
        case ast.IfExp(body=first, orelse=second):
            return _same((_kind(first, classes), _kind(second, classes)))
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            container = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
            return many(container, _same(_kind(part, classes) for part in parts))
        case ast.ListComp():
            return many(list, COMPUTED)
        case ast.Dict():
            return many(dict, str, COMPUTED)
        case ast.BinOp(left=left, op=sign, right=right):
            return _calculated(sign, _kind(left, classes), _kind(right, classes))
        case ast.Subscript(value=inner) if last_name(inner) == "environ":
            return str
        case ast.Attribute(value=inner, attr=name):
            return _of_member(_kind(inner, classes), name)
        case ast.Call():
            return _of_call(node, classes)
    return COMPUTED


def _same(kinds: Iterable[Any]) -> Any:
    """The type that all have, or are together; `COMPUTED` where one of them is not known."""
    found = list(dict.fromkeys(kinds))
    return union(found) if found and COMPUTED not in found else COMPUTED


def _calculated(sign: ast.operator, left: Any, right: Any) -> Any:  # noqa: PLR0911 - a table
    match sign, left, right:
        case (ast.Add(), _, _) if str in (left, right):
            return str
        case (ast.Mod() | ast.Mult(), _, _) if left is str:
            return str
        case (ast.Mult(), _, _) if container_of(left) in (list, tuple):
            return left
        case (ast.Div(), _, _) if left is Path:
            return Path
        case (ast.Add() | ast.Sub(), _, _) if left in (date, datetime) and right is timedelta:
            return left
        case (ast.Sub(), _, _) if left in (date, datetime) and right in (date, datetime):
            return timedelta
        case _ if {left, right} <= {int, float}:
            return float if isinstance(sign, ast.Div) or float in (left, right) else int
    return COMPUTED


def _of_member(owner: Any, name: str) -> Any:
    if name in _KEEPING.get(owner, ()):
        return owner
    if name == "date" and owner is datetime:
        return date
    return str if name in _TEXTS and owner in (date, datetime, Path) else COMPUTED


def _of_call(node: ast.Call, classes: Mapping[str, Any]) -> Any:
    name = dotted(node.func)
    if name.endswith(("environ.get", "getenv")):
        return _same([str, *(_kind(part, classes) for part in node.args[1:])] if node.args[1:]
                     else [str, type(None)])  # fmt: skip
    for ending in _endings(name):
        if ending in _CALLED:
            return _CALLED[ending]
        if ending.partition(".")[0] == "Timestamp" and ending != "Timestamp":
            return Constructor(f"{name.rpartition('.')[0]}({{}})", datetime)
    if name and (kept := _constructor(node, classes)):
        return kept
    if isinstance(node.func, ast.Attribute):
        return _of_member(_kind(node.func.value, classes), node.func.attr)
    return COMPUTED


def _endings(name: str) -> Iterator[str]:
    """`a.b.c`, then the last two names, then the last; a bare builtin is no method's name."""
    parts = name.split(".")
    if len(parts) > 1:
        yield ".".join(parts[-2:])
    if len(parts) == 1 or parts[-1] in _IN_MODULES:
        yield parts[-1]


def _constructor(node: ast.Call, classes: Mapping[str, Any]) -> Constructor | None:
    """A class called with one constant: a new value is handed to the same class.

    What else it is called with is kept.
    """
    name = last_name(node.func)
    if not (_CLASS_NAME.fullmatch(name) or _ARRAYS.fullmatch(name) or name in MOMENT_NAMES):
        return None
    if len(node.args) != 1 or any(word.arg is None for word in node.keywords):
        return None
    try:
        argument = constant(node.args[0], classes)
    except NotConstant:
        argument, kind = None, MOMENT_NAMES.get(name, COMPUTED)
    else:
        kind = type_of_value(argument)
        if isinstance(argument, str) and name in MOMENT_NAMES:
            kind = _written_as(name, argument)
    if kind in (COMPUTED, type(None)):
        return None
    gap = ast.Call(node.func, [ast.Name("{}")], node.keywords)
    return Constructor(ast.unparse(gap), kind, aware=_has_zone(argument))


def _written_as(name: str, text: str) -> Any:
    """What a moment is written as: NumPy keeps months and days apart from instants."""
    if name == "datetime64" and re.fullmatch(r"\d{4}-\d{2}", text):
        return Month
    return date if name == "datetime64" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else datetime


def _has_zone(argument: Any) -> bool:
    if isinstance(argument, str):
        try:
            argument = datetime.fromisoformat(argument)
        except ValueError:
            return False
    return getattr(argument, "tzinfo", None) is not None
