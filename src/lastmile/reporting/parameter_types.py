"""The types that a parameter may have, and how a value becomes one of them.

Annotations are looked up in a table, never evaluated: a type that does not stand in it means "any
value". Checking is pydantic's; a text (as a command line gives it) is read leniently, every other
value must have the type already.
"""

import ast
import json
import operator
import re
from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Field, TypeAdapter, ValidationError

from lastmile.reporting.definition import ParameterRule
from lastmile.reporting.moments import MomentKind

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


def type_of_annotation(node: ast.expr | None, classes: Mapping[str, Any]) -> Any:
    """The type that an annotation names, or None where it names none that we know.

    `classes` are those that the same cell defines, by name.
    """
    try:
        return None if node is None else _type(node, {**NAMED_TYPES, **classes})
    except (KeyError, SyntaxError, TypeError, ValueError):
        return None


def _type(node: ast.expr, known: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Constant(value=str(text)):
            return _type(ast.parse(text, mode="eval").body, known)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return known[name]
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return Union[_type(left, known), _type(right, known)]  # noqa: UP007 - built from values
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
            if name == "Literal":
                return Literal[tuple(ast.literal_eval(part) for part in parts)]
            return _generic(name, [_type(part, known) for part in parts])
    raise KeyError(ast.unparse(node))


def _generic(name: str, inner: list[Any]) -> Any:
    match name:
        case "Optional":
            return Union[inner[0], None]  # noqa: UP007 - built from values
        case "Union":
            return Union[tuple(inner)]  # noqa: UP007 - built from values
        case "list" | "List":
            return list[inner[0]]  # type: ignore[valid-type]  # a type made at run time
        case "dict" | "Dict":
            return dict[inner[0], inner[1]]  # type: ignore[valid-type]  # likewise
    raise KeyError(name)


def enum_of(node: ast.ClassDef) -> type[Enum] | None:
    """The Enum that a class statement defines by literal values; None for any other class."""
    bases = {base.attr if isinstance(base, ast.Attribute) else _name(base) for base in node.bases}
    if not bases & {"Enum", "StrEnum", "IntEnum"}:
        return None
    try:
        members = {
            _name(statement.targets[0]): ast.literal_eval(statement.value)
            for statement in node.body
            if isinstance(statement, ast.Assign)
        }
        made: type[Enum] = Enum(node.name, members)  # type: ignore[misc]  # made at run time
    except (TypeError, ValueError):
        return None
    plain = all(type(value) in (str, int, float, bool) for value in members.values())
    return made if members and plain else None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def type_of_default(default: Any) -> Any:
    """The type of a default, where that says enough; else any value is allowed."""
    known = (bool, int, float, str, datetime, date, Path, list, dict)
    return type(default) if type(default) in known or isinstance(default, Enum) else Any


def literal(node: ast.expr, otherwise: Any, classes: Mapping[str, Any]) -> Any:
    """The value of a literal, of `date(...)`, `datetime(...)`, `Path(...)`, or an Enum's member."""
    try:
        if isinstance(node, ast.Attribute) and _name(node.value) in classes:
            return classes[_name(node.value)][node.attr]
        if isinstance(node, ast.Call) and not node.keywords:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            return {**_CONSTRUCTORS, **classes}[name or ""](
                *(ast.literal_eval(part) for part in node.args)
            )
        value = ast.literal_eval(node)
    except (KeyError, TypeError, ValueError):
        return otherwise
    plain = (bool, int, float, str, list, dict, type(None))
    return value if isinstance(value, plain) else otherwise


def convert(kind: Any, raw: Any) -> tuple[Any, str]:
    """A raw value as the type `kind` and an empty text, or the raw value and a reason."""
    lenient = isinstance(raw, str | list | dict)
    if isinstance(raw, str) and raw.isdigit() and moment_kind(kind) in ("date", "datetime"):
        return raw, "a date is written as YYYY-MM-DD"  # pydantic would count seconds from 1970
    try:
        value = _from_text(kind, raw) if isinstance(raw, str) else raw
        return TypeAdapter(kind).validate_python(value, strict=not lenient), ""
    except ValidationError as error:
        return raw, _reason(kind, error)


def _from_text(kind: Any, raw: str) -> Any:
    """A text of the command line for a list or dict: JSON, or values between commas.

    For an Enum, a member's name or its value as text.
    """
    if raw in ("", "none", "null", "None") and _optional(kind):
        return None
    alternatives = _alternatives(kind)
    origins = {get_origin(part) or part for part in alternatives}
    if not origins & {list, dict}:
        return next((found for part in alternatives for found in _members(part, raw)), raw)
    try:
        value = json.loads(raw)
    except ValueError:
        value = [part.strip() for part in raw.split(",")] if list in origins else raw
    inner = [part for kind in alternatives if get_origin(kind) is list for part in get_args(kind)]
    if not isinstance(value, list) or not inner:
        return value
    return [next(iter(_members(inner[0], part)), part) for part in value]


def _members(kind: Any, raw: Any) -> list[Enum]:
    """Which members of an Enum a name or value means; none where `kind` is another type."""
    if not (isinstance(kind, type) and issubclass(kind, Enum)):
        return []
    return [member for member in kind if str(raw) in (member.name, str(member.value))]


def _optional(kind: Any) -> bool:
    return type(None) in get_args(kind) and str not in get_args(kind)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Union else (kind,)


def takes_text(kind: Any) -> bool:
    """Whether any text at all is a value of a type."""
    return bool({str, Any} & set(_alternatives(kind)))


def moment_kind(kind: Any) -> MomentKind | None:
    """Which kind of moment a type holds; None for one to which a text is only a text."""
    kinds: dict[Any, MomentKind] = {Month: "month", datetime: "datetime", date: "date"}
    if takes_text(kind):
        return None
    return next((kinds[part] for part in _alternatives(kind) if part in kinds), None)


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
    if rule.choices and (value.value if isinstance(value, Enum) else value) not in rule.choices:
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
        try:
            outside = wrong(value, bound)
        except TypeError:
            return f"it cannot be compared with its limit {limit}: one has a time zone"
        if outside:
            return f"{words} {limit}"
    return ""


def show_type(kind: Any) -> str:
    """A type as people write it: `int`, `list[date]`, `"metric" | "imperial"`."""
    named = {Month: "month", None: "None", type(None): "None", Any: "any value"}
    if isinstance(kind, Hashable) and kind in named:
        return named[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " | ".join(repr(member.value) for member in kind)
    if origin is Literal:
        return " | ".join(map(repr, inner))
    if origin is Union:
        return " | ".join(map(show_type, inner))
    name = getattr(origin or kind, "__name__", str(kind))
    return f"{name}[{', '.join(map(show_type, inner))}]" if inner else name
