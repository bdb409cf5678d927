"""How a value becomes one of its parameter's type, or is refused with the reason.

A text is read leniently where the type holds no texts: `3`, `yes`, `2024-01-01`, `3,4`. Every
other value must have the type already, also inside of a list; only what loses nothing is changed: a
whole number where a fraction may stand, a list where a tuple must. Where the type does not say
whether a text is a text, one from a command line is read as a literal (see `written`).
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from lastmile.reporting.kinds import (
    COMPUTED,
    TEXTS,
    Constructor,
    Month,
    alternatives,
    container_of,
    moment_kind,
    show_type,
    takes_text,
    type_named,
    type_of_value,
)
from lastmile.reporting.written import (
    NoLiteral,
    Written,
    read_items,
    read_literal,
    read_unknown,
)
from lastmile.values import Built, plain

_NONE = ("", "none", "null", "None")
_MOST_LEVELS = 50


class _Unfit(Exception):
    """A value that its type does not have; `place` says where in it."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place


def convert(kind: Any, raw: Any) -> tuple[Any, str]:
    """A raw value as the type `kind` and an empty text, or the raw value and a reason."""
    try:
        value = _value(kind, _of_python(raw))
        too_deep = _levels(value) > _MOST_LEVELS
    except (_Unfit, NoLiteral) as error:
        return raw, str(error)
    except RecursionError:
        too_deep = True
    return (raw, f"it is nested more than {_MOST_LEVELS} levels deep") if too_deep else (value, "")


def _levels(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_levels, parts), default=0) if container_of(type(value)) else 0


def _value(kind: Any, raw: Any) -> Any:
    if kind in (Any, COMPUTED, TEXTS):
        text = kind == TEXTS and isinstance(raw, str)
        return _free(str(raw) if text else raw, words=kind != COMPUTED)
    if len(parts := alternatives(kind)) > 1:
        return _one_of(parts, raw)
    if isinstance(kind, Constructor):
        if isinstance(raw, Built):
            return raw
        return Built(kind.code, _value(kind.argument, raw), kind.name)
    if container_of(kind):
        return _several(kind, raw)
    return _single(kind, raw)


def _of_python(raw: Any) -> Any:
    """A number, moment or array of NumPy and pandas, or a member of an IntEnum, as Python's own."""
    if isinstance(raw, Enum) and isinstance(raw, int | float | str):
        return raw.value
    if type(raw).__module__.partition(".")[0] not in ("numpy", "pandas"):
        return raw
    if isinstance(raw, datetime):
        if getattr(raw, "nanosecond", 0):
            raise _Unfit("it has nanoseconds; round it to microseconds")
        return raw.to_pydatetime()  # type: ignore[attr-defined]  # of pandas
    return raw.tolist() if hasattr(raw, "tolist") else raw


def _free(raw: Any, *, words: bool) -> Any:
    """A value for a parameter of any type: what can be written as code again."""
    if isinstance(raw, Written):
        return read_unknown(raw, words=words)
    kind = type_of_value(raw)
    if isinstance(raw, Enum) or kind == COMPUTED:
        raise _Unfit(f"a notebook cannot be handed a value of the type {type(raw).__name__}")
    if not container_of(kind):
        return _of_base(kind, raw)
    if isinstance(raw, dict):
        pairs = [(_free(key, words=True), value) for key, value in raw.items()]
        return {key: _at(key, lambda part: _free(part, words=words), value) for key, value in pairs}
    parts = (
        _at(place, lambda part: _free(_of_python(part), words=words), part)
        for place, part in enumerate(raw)
    )
    return container_of(kind)(parts)


def _at(place: Any, make: Any, raw: Any) -> Any:
    """What `make` makes of a part; a refusal says where it stands."""
    try:
        return make(raw)
    except _Unfit as error:
        raise _Unfit(error.reason, f"[{place!r}]{error.place}") from error
    except NoLiteral as error:
        raise _Unfit(str(error), f"[{place!r}]") from error


def _of_base(kind: Any, value: Any) -> Any:
    """A value without the subclass that it may have, whose `repr` nobody could run."""
    if isinstance(value, str | Path) and re.search("[\ud800-\udfff]", str(value)):
        raise _Unfit("it holds bytes that are no text in UTF-8")
    return kind(value) if kind in (int, float, str) and type(value) is not kind else value


def _one_of(kinds: tuple[Any, ...], raw: Any) -> Any:
    """The value as one of several types: the one that it has already, else the first that fits."""
    if isinstance(raw, str) and str in kinds:
        return _text_or_other(kinds, raw)
    if isinstance(raw, str):
        if type(None) in kinds and raw in _NONE:
            return None
        try:
            literal = read_literal(raw)
        except NoLiteral:
            pass
        else:
            if not isinstance(literal, str) and (found := _fitting(kinds, literal)):
                return found[0]
    found = _fitting(kinds, raw)
    if found:
        return found[0]
    shown = " or ".join(show_type(kind) for kind in kinds)
    if len(left := [kind for kind in kinds if kind is not type(None)]) == 1:
        return _value(left[0], raw)  # for its reason
    raise _Unfit(f"it must be {shown}")


def _fitting(kinds: Iterable[Any], raw: Any) -> list[Any]:
    """The values that a raw value is as each of the types that it fits, the very same first."""
    found = []
    for kind in kinds:
        try:
            found.append(_value(kind, raw))
        except (_Unfit, NoLiteral):
            continue
    return sorted(found, key=lambda value: (type(value) is not type(raw), value != raw))


def _text_or_other(kinds: tuple[Any, ...], raw: str) -> Any:
    """A text where texts and others may stand: from a command line it can be one of the others.

    Then a literal of another type is that, `3`, `None`, `[1]`, and so are a date and values between
    commas, where the type has such. In quotes it is a text.
    """
    others = [kind for kind in kinds if kind is not str]
    if not isinstance(raw, Written):
        return str(raw)
    try:
        literal = read_literal(raw)
    except NoLiteral:
        pass
    else:
        if isinstance(literal, str):
            return literal
        if found := _fitting(others, literal):
            return found[0]
    found = _fitting((kind for kind in others if _told_apart(kind, raw)), raw)
    if not found and raw.lstrip().startswith("[") and any(map(container_of, others)):
        read_items(raw)  # for its reason
    return found[0] if found else str(raw)


def _told_apart(kind: Any, raw: str) -> bool:
    """Whether a text that is of a type would hardly be meant as a text."""
    return (
        kind in (date, datetime, time, Month)
        or get_origin(kind) is Literal
        or isinstance(kind, Constructor)
        or (isinstance(kind, type) and issubclass(kind, Enum))
        or (container_of(kind) is not None and ("," in raw or not _of_texts(kind)))
    )


def _of_texts(kind: Any) -> bool:
    """Whether a container holds texts, so that each text alone could be one of its elements."""
    inner = get_args(kind)
    return not inner or takes_text(inner[-1] if container_of(kind) is dict else inner[0])


def _several(kind: Any, raw: Any) -> Any:
    """A list, tuple, set or dict of the right elements."""
    container, inner = container_of(kind), get_args(kind)
    if isinstance(raw, str):
        raw = _read_several(container, raw)
    if container is dict:
        if not isinstance(raw, Mapping):
            raise _Unfit('it must be a dictionary, such as {"a": 1}')
        key_kind, value_kind = inner or (Any, Any)
        return {
            _at(key, lambda part: _value(key_kind, part), key): _at(
                key, lambda part: _value(value_kind, _of_python(part)), value
            )
            for key, value in raw.items()
        }
    sets = (set, frozenset)
    if not isinstance(raw, (list, tuple, *sets) if container in sets else (list, tuple)):
        raise _Unfit(f"it must be a {container.__name__}, such as {_EXAMPLES[container]}")
    kinds = _element_kinds(container, inner, len(raw))
    made = (
        _at(place, lambda part, own=own: _value(own, _of_python(part)), part)
        for place, (own, part) in enumerate(zip(kinds, raw, strict=True))
    )
    try:
        return container(made)
    except TypeError as error:
        raise _Unfit(f"a {container.__name__} cannot hold lists or dictionaries") from error


_EXAMPLES = {list: "[1, 2]", tuple: "(1, 2)", set: "{1, 2}", frozenset: "{1, 2}"}


def _read_several(container: Any, raw: str) -> Any:
    if container is not dict:
        found = read_items(raw)
        return [] if found == {} else found
    try:
        return read_literal(raw)
    except NoLiteral as error:
        raise _Unfit('it must be a dictionary, in JSON or Python: {"a": 1}') from error


def _element_kinds(container: Any, inner: tuple[Any, ...], count: int) -> list[Any]:
    """The type of each of `count` elements."""
    if container is not tuple or not inner or inner[-1] is ...:
        return [inner[0] if inner else Any] * count
    if len(inner) != count:
        raise _Unfit(f"it must have {len(inner)} elements and has {count}")
    return list(inner)


def _single(kind: Any, raw: Any) -> Any:
    if kind in (None, type(None)):
        if raw is None or (isinstance(raw, str) and raw in _NONE):
            return None
        raise _Unfit("it must be None")
    if kind is str and isinstance(raw, str) and not isinstance(raw, Enum):
        return _of_base(str, raw)
    if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return _chosen(kind, raw)
    if kind is Decimal and type(raw) is int:
        return Decimal(raw)
    if kind is datetime and type(raw) is date:
        return datetime(raw.year, raw.month, raw.day)  # noqa: DTZ001 - a day has no zone
    if isinstance(raw, str) and raw.isdigit() and moment_kind(kind) in ("date", "datetime"):
        raise _Unfit("a date is written as YYYY-MM-DD")  # pydantic would count from 1970
    try:
        value = _adapter(kind).validate_python(raw, strict=not isinstance(raw, str))
    except ValidationError as error:
        raise _Unfit(_reason(kind, error)) from error
    return _of_base(kind, value)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _chosen(kind: Any, raw: Any) -> Any:
    """The one of a Literal or an Enum that a value, a text of it or a member's name means."""
    members = list(get_args(kind) or kind)
    raw = raw.value if isinstance(raw, Enum) and raw not in members else raw
    for member in members:
        told = member.value if isinstance(member, Enum) else member
        if raw is member or (type(raw) is type(told) and raw == told):
            return member
    if isinstance(raw, str):
        for member in members:
            told = member.value if isinstance(member, Enum) else member
            if raw in (str(told), json.dumps(told), getattr(member, "name", raw + ".")):
                return member
    told_all = [repr(getattr(member, "value", member)) for member in members]
    few = " or ".join([", ".join(told_all[:-1]), told_all[-1]] if told_all[1:] else told_all)
    raise _Unfit(f"input should be {few}")


def _reason(kind: Any, error: ValidationError) -> str:
    first = error.errors()[0]
    if kind is Month:
        return "a month is written as YYYY-MM"
    if first["type"] in ("date_from_datetime_parsing", "date_parsing", "date_type"):
        return "a date is written as YYYY-MM-DD"
    text = first["msg"].removeprefix("Value error, ")
    return f"{text[0].lower()}{text[1:]}"


def same_from_json(kind: Any, value: Any) -> bool:
    """Whether the plain JSON form of a value says enough to get the very value back."""
    back, reason = convert(kind, plain(value))
    same_type = show_type(type_of_value(back)) == show_type(type_of_value(value))
    return not reason and same_type and plain(back) == plain(value)


def restored(given: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """Values that a record holds as JSON, with the types that it says they had."""
    kinds = {name: type_named(shown) for name, shown in types.items()}
    return {
        name: value
        if isinstance(kinds.get(name, COMPUTED), Constructor)
        else convert(kinds.get(name, Any), value)[0]
        for name, value in given.items()
    }
