"""The types that a parameter may have: of its annotation, else of its default.

Annotations are looked up in a table, never evaluated; one that does not stand in it says nothing,
and the default decides. A list knows the type of its elements. A type is Python's own, with three
of ours: `Month`; `COMPUTED`, of which nothing is known; and `Constructor`, for what the notebook
makes itself, such as `pd.Timestamp("2024-01-01")`.
"""

import ast
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import EllipsisType, MappingProxyType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import Field

from lastmile.reporting.constants import dotted, last_name, parse_expression
from lastmile.reporting.moments import MomentKind
from lastmile.values import Built

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A month as `YYYY-MM`."""

COMPUTED = Annotated[Any, "computed"]
"""The type of a default that only the kernel knows."""

TEXTS = Annotated[Any, "texts"]
"""Any value where a text can only be a text: a shell knows nothing else."""

_ANY = (Any, COMPUTED, TEXTS)

_SCALARS = (bool, int, float, str, datetime, date, time, timedelta, Path, Decimal, UUID)
_MANY = (list, tuple, set, frozenset)

NAMED_TYPES: Mapping[str, Any] = MappingProxyType(
    {
        **{kind.__name__: kind for kind in (*_SCALARS, *_MANY, dict)},
        "month": Month,
        "Month": Month,
        "Text": str,
        "PurePath": Path,
        "PosixPath": Path,
        "None": None,
        "Any": Any,
        "object": Any,
    }
)
_GENERIC: Mapping[str, Any] = MappingProxyType(
    {
        **dict.fromkeys(("list", "List", "MutableSequence"), list),
        **dict.fromkeys(("Sequence", "Iterable", "Collection"), (list, tuple)),
        **dict.fromkeys(("tuple", "Tuple"), tuple),
        **dict.fromkeys(("set", "Set", "MutableSet", "AbstractSet"), set),
        **dict.fromkeys(("frozenset", "FrozenSet"), frozenset),
        **dict.fromkeys(("dict", "Dict", "Mapping", "MutableMapping"), dict),
    }
)
"""Containers by the names that annotations have for them."""


@dataclass(frozen=True, slots=True)
class Constructor:
    """A type of the notebook's own: `code` calls it, with `{}` where its argument stands.

    `argument` is the type of that. `aware` says whether a moment as the argument has a zone, `name`
    how the type is called where that is not what is called.
    """

    code: str
    argument: Any
    aware: bool = False
    name: str = ""

    @property
    def shown(self) -> str:
        """The type as people write it."""
        return self.name or self.code.partition("(")[0]


MOMENT_NAMES: Mapping[str, Any] = MappingProxyType({"Timestamp": datetime, "datetime64": date})
"""What is called with a moment in modules that we do not import; by what it is called with."""


def type_of_annotation(node: ast.expr | None, classes: Mapping[str, Any]) -> Any:
    """The type that an annotation names, or `COMPUTED` where it names none that we know.

    `classes` are those that the same cell defines, by name.
    """
    try:
        return COMPUTED if node is None else _type(node, {**NAMED_TYPES, **classes})
    except (KeyError, IndexError, SyntaxError, TypeError, ValueError):
        return COMPUTED


def type_named(text: str) -> Any:
    """The type that a text names, as `show_type` writes it; `COMPUTED` for none that we know."""
    try:
        return type_of_annotation(parse_expression(text), {})
    except SyntaxError:
        return COMPUTED


def _type(node: ast.expr, known: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - a table
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Constant(value=str(text)):
            return _type(parse_expression(text), known)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            if name in MOMENT_NAMES:
                return Constructor(f"{dotted(node)}({{}})", MOMENT_NAMES[name])
            return _bare(_GENERIC[name]) if name in _GENERIC else known[name]
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return union((_type(left, known), _type(right, known)))
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
            if name == "Literal":
                return Literal[tuple(ast.literal_eval(part) for part in parts)]
            if name in ("Annotated", "Final", "ClassVar"):
                return _type(parts[0], known)
            return _generic(name, [_inner(part, known) for part in parts])
    raise KeyError(ast.unparse(node))


def _inner(node: ast.expr, known: Mapping[str, Any]) -> Any:
    is_rest = isinstance(node, ast.Constant) and isinstance(node.value, EllipsisType)
    return ... if is_rest else _type(node, known)


def _bare(container: Any) -> Any:
    return union(container) if isinstance(container, tuple) else container


def _generic(name: str, inner: list[Any]) -> Any:
    if name in ("Optional", "Union"):
        return union((*inner, None) if name == "Optional" else inner)
    container = _GENERIC[name]
    if isinstance(container, tuple):
        return union(many(kind, inner[0]) for kind in container)
    if container is tuple:
        return tuple[tuple(inner)]  # type: ignore[misc]  # a type made at run time
    return many(container, *inner)


def many(container: Any, *inner: Any) -> Any:
    """The type of a container whose elements have the type `inner`; of a tuple of any length."""
    match container, inner:
        case _, (element,) if container is tuple:
            return tuple[element, ...]  # type: ignore[valid-type]  # a type made at run time
        case _, (element,) if container in _MANY:
            return container[element]
        case _, (key, element) if container is dict:
            return dict[key, element]  # type: ignore[valid-type]  # likewise
    raise KeyError(container)


def union(kinds: Iterable[Any]) -> Any:
    """The type of what has one of several types; any where one of them is any."""
    found = tuple(kinds)
    if any(kind in _ANY for kind in found):
        return Any
    return Union[found]  # noqa: UP007 - built from values


def alternatives(kind: Any) -> tuple[Any, ...]:
    """The types that a type lets a value have: several for a union."""
    return get_args(kind) if get_origin(kind) is Union else (kind,)


def container_of(kind: Any) -> Any:
    """The container that a type is, without the type of its elements; None for any other."""
    origin = get_origin(kind) or kind
    return origin if origin in (*_MANY, dict) else None


def of_one_kind(kind: Any, default_kind: Any) -> Any:
    """A type with what a default says about elements that the type itself says nothing about.

    `x: list = [1]` is a list of numbers, `x: int = None` may be None, and a `Sequence` that is a
    tuple stays one.
    """
    if kind == COMPUTED:
        return default_kind
    if default_kind is type(None) and kind is not None and kind != Any:
        return union((kind, None))
    if kind in (*_MANY, dict) and container_of(default_kind) is kind:
        return default_kind
    parts = alternatives(kind)
    return union(
        sorted(parts, key=lambda part: container_of(part) is not container_of(default_kind))
    )


def enum_of(node: ast.ClassDef) -> type[Enum] | None:
    """The Enum that a class statement defines by literal values; None for any other class."""
    bases = {last_name(base) for base in node.bases}
    if not bases & {"Enum", "StrEnum", "IntEnum"}:
        return None
    try:
        members = {
            last_name(statement.targets[0]): ast.literal_eval(statement.value)
            for statement in node.body
            if isinstance(statement, ast.Assign)
        }
        made: type[Enum] = Enum(node.name, members)  # type: ignore[misc]  # made at run time
    except (TypeError, ValueError):
        return None
    plain = all(type(value) in (str, int, float, bool) for value in members.values())
    return made if members and plain else None


def type_of_value(value: Any) -> Any:  # noqa: PLR0911 - a table
    """The type of a value, with that of its elements; `COMPUTED` for one that we do not know."""
    if isinstance(value, Enum):
        return type(value)
    kind = next((kind for kind in _SCALARS if isinstance(value, kind)), None)
    if kind or value is None:
        return kind or type(None)
    match value:
        case tuple() if len({type(part) for part in value}) > 1:
            return tuple[tuple(map(type_of_value, value))]  # type: ignore[misc]  # made at run time
        case list() | tuple() | set() | frozenset():
            return many(type(value), _element(value))
        case dict():
            held = _element(value.values())
            return dict[_element(value), Any if get_origin(held) is Union else held]  # type: ignore[misc]  # likewise
        case Built():
            return Constructor(value.code, type_of_value(value.argument), name=value.name)
    return COMPUTED


def _element(values: Iterable[Any]) -> Any:
    """The type of the elements of a container: any of an empty one."""
    kinds = list(dict.fromkeys(map(type_of_value, values)))
    return union(kinds) if kinds else Any


def takes_text(kind: Any) -> bool:
    """Whether any text at all is a value of a type."""
    return any(part in (str, *_ANY) for part in alternatives(kind))


def takes_many(kind: Any) -> bool:
    """Whether a type holds several values, so that commas stand between them."""
    return any(container_of(part) for part in alternatives(kind))


def moment_kind(kind: Any) -> MomentKind | None:
    """Which kind of moment a type holds; None for one to which a text is only a text."""
    kinds: dict[Any, MomentKind] = {Month: "month", datetime: "datetime", date: "date"}
    if takes_text(kind):
        return None
    parts = (p.argument if isinstance(p, Constructor) else p for p in alternatives(kind))
    return next((kinds[part] for part in parts if part in kinds), None)


def show_type(kind: Any) -> str:  # noqa: PLR0911 - a table
    """A type as people write it: `int`, `list[date]`, `"metric" | "imperial"`."""
    named: dict[Any, str] = dict.fromkeys(_ANY, "any value")
    named |= {Month: "month", None: "None", type(None): "None", ...: "..."}
    if isinstance(kind, Hashable) and kind in named:
        return named[kind]
    if isinstance(kind, Constructor):
        return kind.shown
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " | ".join(repr(member.value) for member in kind)
    if origin is Literal:
        return " | ".join(map(repr, inner))
    if origin is Union:
        return " | ".join(map(show_type, inner))
    name = getattr(origin or kind, "__name__", str(kind))
    if any(part in _ANY for part in inner):
        return name
    return f"{name}[{', '.join(map(show_type, inner))}]" if inner else name
