"""Parameters of notebooks in other languages than Python, as their cells declare them.

papermill can read the parameters of Python only; of other languages the simple assignments are
read, one a line. What a value is written with, `c(1L, 2L)` or `Date("2024-01-01")`, is known for R
and Julia, so that another value is written in the same way.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Union

from lastmile.reporting.defaults import UNKNOWN_DEFAULT
from lastmile.reporting.kinds import (
    COMPUTED,
    TEXTS,
    Constructor,
    many,
    show_type,
    type_of_value,
    union,
)
from lastmile.reporting.parameters import Parameter
from lastmile.reporting.translation import translate

__all__ = ["read_foreign", "translate"]

_ASSIGNMENT = re.compile(
    r"^(?:(?:val|var|let|const|local|export|declare|set|my|double|int|string|bool)\s+)?"
    r"\$?(?P<name>[A-Za-z_](?:\w|\.(?=\w))*)\s*(?::\s*\w+\s*)?(?:<-|=(?!=))\s*(?P<value>.*?)\s*;?"
    r"(?:\s+(?:\#|//|%)\s*(?P<help>.*))?$"
)
_Read = tuple[Any, Any]
"""The type of a default and its value."""

_NOT_KNOWN: _Read = (COMPUTED, UNKNOWN_DEFAULT)


def read_foreign(source: str, kernel: str, language: str) -> tuple[Parameter, ...]:
    """The parameters that a cell in another language than Python declares, in its order."""
    inspected = _inspected(source, kernel, language)
    if inspected is not None:
        return inspected
    read = _READERS.get(language.lower(), _scalar)
    found = {}
    for line in source.splitlines():
        if match := _ASSIGNMENT.match(line.strip()):
            kind, default = read(match["value"])
            found[match["name"]] = Parameter(
                name=match["name"],
                type=kind,
                default=default,
                source=match["value"],
                help=match["help"] or "",
            )
    return tuple(found.values())


def _inspected(source: str, kernel: str, language: str) -> tuple[Parameter, ...] | None:
    """What papermill reads itself; None where it cannot."""
    from nbformat.v4 import new_code_cell
    from papermill.exceptions import PapermillException
    from papermill.translators import papermill_translators

    try:
        translator = papermill_translators.find_translator(kernel, language)
        parts = translator.inspect(new_code_cell(source))
    except (NotImplementedError, PapermillException):
        return None
    return tuple(
        Parameter(
            name=part.name,
            type=COMPUTED,
            default=UNKNOWN_DEFAULT,
            source=part.default,
            help=part.help,
        )
        for part in parts
    )


def _scalar(text: str) -> _Read:
    """A default as most languages write it: a text in quotes, a number, true or false."""
    if match := re.fullmatch(r"'([^'\\$`]*)'|\"([^\"\\$`]*)\"", text):
        return str, match[1] if match[1] is not None else match[2]
    if re.fullmatch(r"-?(0|[1-9]\d*)L?", text):
        return int, int(text.rstrip("L"))
    if re.fullmatch(r"-?(0|[1-9]\d*)\.\d+", text):
        return float, float(text)
    if text.lstrip("$").lower() in ("true", "false"):
        return bool, text.lstrip("$").lower() == "true"
    return _NOT_KNOWN


def _of_shell(text: str) -> _Read:
    """A default of a shell: numbers are told from texts, and an array from both."""
    if text.startswith("(") and text.endswith(")"):
        return _array(text[1:-1])
    if re.fullmatch(r"[\w./:@%+,-]*", text) and _scalar(text) == _NOT_KNOWN:
        return str, text
    found = _scalar(text)
    return (TEXTS, UNKNOWN_DEFAULT) if found == _NOT_KNOWN else found


def _array(text: str) -> _Read:
    try:
        words = shlex.split(text)
    except ValueError:
        return TEXTS, UNKNOWN_DEFAULT
    read = [_scalar(word) for word in words]
    numbers = bool(read) and all(kind in (int, float) for kind, _ in read)
    values: list[Any] = [value for _, value in read] if numbers else words
    kind = type_of_value(values) if numbers else many(list, str)
    computed = re.search(r"[$`*?]|\[\w*=", text)
    return kind, UNKNOWN_DEFAULT if computed else values


_NUMBER = Union[int, float]  # noqa: UP007 - compared with types made at run time


def _of_r(text: str) -> _Read:
    """A default of R, where `3` is a number with a fraction and `3L` is none."""
    if call := re.fullmatch(r"(c|list)\((.+)\)", text):
        kind, values = _elements(call[2], _of_r)
        if call[1] == "c" and kind != COMPUTED:
            kind = Constructor("c({})", kind, name=show_type(kind))
        return kind, values
    if re.fullmatch(r"as\.Date\(([\"'])\d{4}-\d{2}-\d{2}\1\)", text):
        return Constructor("as.Date({})", date), UNKNOWN_DEFAULT
    kind, value = (Any, None) if text == "NULL" else _scalar(text)
    if kind is int:
        kind = Constructor("as.integer({})", int, name="int") if text.endswith("L") else _NUMBER
    return kind, value


def _of_julia(text: str) -> _Read:
    if match := re.fullmatch(r"\[(.+)\]", text):
        return _elements(match[1], _of_julia)
    if match := re.fullmatch(r"\((.+?,.*?),?\)", text):
        kind, values = _elements(match[1].rstrip(","), _of_julia)
        return (kind, values) if kind == COMPUTED else (type_of_value((*values,)), (*values,))
    if match := re.fullmatch(r"Set\(\[(.+)\]\)", text):
        kind, _ = _elements(match[1], _of_julia)
        return (kind if kind == COMPUTED else Constructor("Set({})", kind)), UNKNOWN_DEFAULT
    if match := re.fullmatch(r"((?:\w+\.)?(Date|DateTime))\(\"[\d:T.-]+\"\)", text):
        kind = date if match[2] == "Date" else datetime
        return Constructor(f"{match[1]}({{}})", kind), UNKNOWN_DEFAULT
    return (Any, None) if text == "nothing" else _scalar(text)


def _elements(text: str, read: Callable[[str], _Read]) -> _Read:
    """The type of a list of what stands between commas, and the list; nothing may be nested."""
    item = r"\s*(\"[^\"]*\"|'[^']*'|[^\s,()\[\]\"']+)\s*"
    if not re.fullmatch(rf"{item}(?:,{item})*", text):
        return _NOT_KNOWN
    found = [read(match[1]) for match in re.finditer(rf"{item}(?:,|$)", text)]
    if any(kind == COMPUTED for kind, _ in found):
        return _NOT_KNOWN
    kinds = list(dict.fromkeys(kind for kind, _ in found))
    return many(list, union(kinds)), [value for _, value in found]


_READERS: Mapping[str, Callable[[str], _Read]] = MappingProxyType(
    {"r": _of_r, "julia": _of_julia, **dict.fromkeys(("bash", "sh", "zsh"), _of_shell)}
)
