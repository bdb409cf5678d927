"""The types that a parameter may have, and how a value becomes one of them.

Annotations are looked up in a table, never evaluated: a type that does not stand in it means "any
value". Checking is pydantic's; a text (as a command line gives it) is read leniently, every other
value must have the type already.
"""

import ast
import json
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Field, TypeAdapter, ValidationError

from lastmile.reporting.definition import ParameterRule

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A month as `YYYY-MM`."""

NAMED_TYPES: Mapping[str, Any] = MappingProxyType(
    {
        "int": int,
        "float": float,
        "bool": bool,
        "str": str,
        "date": date,
        "datetime": datetime,
        "month": Month,
        "Month": Month,
        "Path": Path,
        "list": list,
        "dict": dict,
        "None": None,
        "Any": Any,
    }
)
_CONSTRUCTORS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"date": date, "datetime": datetime, "Path": Path}
)


def type_of_annotation(node: ast.expr | None) -> Any:
    """The type that an annotation names, or None where it names none that we know."""
    try:
        return None if node is None else _type(node)
    except (KeyError, TypeError, ValueError):
        return None


def _type(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Constant(value=str(text)):
            return _type(ast.parse(text, mode="eval").body)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return NAMED_TYPES[name]
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return Union[_type(left), _type(right)]  # noqa: UP007 - built from values
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            return _generic(name, list(inner.elts) if isinstance(inner, ast.Tuple) else [inner])
    raise KeyError(ast.unparse(node))


def _generic(name: str, inner: list[ast.expr]) -> Any:
    match name:
        case "Literal":
            return Literal[tuple(ast.literal_eval(part) for part in inner)]
        case "Optional":
            return Union[_type(inner[0]), None]  # noqa: UP007 - built from values
        case "Union":
            return Union[tuple(_type(part) for part in inner)]  # noqa: UP007 - built from values
        case "list" | "List":
            return list[_type(inner[0])]  # type: ignore[misc]  # a type made at run time
        case "dict" | "Dict":
            return dict[_type(inner[0]), _type(inner[1])]  # type: ignore[misc]  # likewise
    raise KeyError(name)


def type_of_default(default: Any) -> Any:
    """The type of a default, where that says enough; else any value is allowed."""
    known = (bool, int, float, str, datetime, date, Path, list, dict)
    return type(default) if type(default) in known else Any


def literal(node: ast.expr, otherwise: Any) -> Any:
    """The value of a literal, or of `date(...)`, `datetime(...)` and `Path(...)` of literals."""
    try:
        if isinstance(node, ast.Call) and not node.keywords:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            return _CONSTRUCTORS[name or ""](*(ast.literal_eval(part) for part in node.args))
        value = ast.literal_eval(node)
    except (KeyError, TypeError, ValueError):
        return otherwise
    plain = (bool, int, float, str, list, dict, type(None))
    return value if isinstance(value, plain) else otherwise


def convert(kind: Any, raw: Any) -> tuple[Any, str]:
    """A raw value as the type `kind` and an empty text, or the raw value and a reason."""
    lenient = isinstance(raw, str | list | dict)
    try:
        value = _from_text(kind, raw) if isinstance(raw, str) else raw
        return TypeAdapter(kind).validate_python(value, strict=not lenient), ""
    except ValidationError as error:
        return raw, _reason(kind, error)


def _from_text(kind: Any, raw: str) -> Any:
    """A text of the command line for a list or dict: JSON, or values between commas."""
    origins = {get_origin(part) or part for part in (kind, *get_args(kind))}
    if not origins & {list, dict}:
        return None if raw in ("", "none", "null", "None") and _optional(kind) else raw
    try:
        return json.loads(raw)
    except ValueError:
        return [part.strip() for part in raw.split(",")] if list in origins else raw


def _optional(kind: Any) -> bool:
    return type(None) in get_args(kind) and str not in get_args(kind)


def _reason(kind: Any, error: ValidationError) -> str:
    first = error.errors()[0]
    place = "".join(f"[{part!r}]" for part in first["loc"] if get_origin(kind) in (list, dict))
    if kind is Month:
        return "a month is written as YYYY-MM"
    if first["type"] in ("date_from_datetime_parsing", "date_parsing", "date_type"):
        return "a date is written as YYYY-MM-DD"
    text = first["msg"].removeprefix("Value error, ")
    return f"{place + ': ' if place else ''}{text[0].lower()}{text[1:]}"


def check_limits(rule: ParameterRule, value: Any, kind: Any) -> str:
    """Why a typed value lies outside the limits of a rule; empty where it does not."""
    if rule.choices and value not in rule.choices:
        return f"it must be one of {', '.join(map(repr, rule.choices))}"
    if rule.pattern and not re.fullmatch(rule.pattern, str(value)):
        return f"it must match {rule.pattern}"
    for limit, wrong, words in (
        (rule.minimum, operator.lt, "it must not be below"),
        (rule.maximum, operator.gt, "it must not be above"),
    ):
        if limit is None or value is None:
            continue
        bound, reason = convert(kind, limit)
        if reason:
            return f"its limit {limit!r} in the report's file has another type"
        if wrong(value, bound):
            return f"{words} {limit}"
    return ""


def show_type(kind: Any) -> str:
    """A type as people write it: `int`, `list[date]`, `"metric" | "imperial"`."""
    if kind is Month:
        return "month"
    if kind is None or kind is type(None):
        return "None"
    if kind is Any:
        return "any value"
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(map(repr, inner))
    if origin is Union:
        return " | ".join(map(show_type, inner))
    name = getattr(origin or kind, "__name__", str(kind))
    return f"{name}[{', '.join(map(show_type, inner))}]" if inner else name
