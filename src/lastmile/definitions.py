"""Definition files: TOML that people write, read into frozen pydantic values.

All faults of a file are told at once, each with its line.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from lastmile.errors import BadDefinition, LastmileError, nearest, raise_faults


class Definition(BaseModel):
    """Base of what a person may write in a file: no unknown key, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


D = TypeVar("D", bound=Definition)


def read_definition(path: Path, model: type[D], *, shown: str = "") -> D:
    """The definition in the TOML file `path`; `shown` is the name that messages use for it.

    Raises:
        BadDefinition: one fault, with its line.
        Faults: several.
    """
    shown = shown or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDefinition(f"{shown} cannot be read: {error}", where=shown) from error
    return parse_definition(text, model, shown=shown)


def parse_definition(text: str, model: type[D], *, shown: str, table: Sequence[str] = ()) -> D:
    """The definition in a TOML text, or in its table `table` where only that part is ours."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(error, shown) from error
    for name in table:
        data = data.get(name, {})
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = KeyLines(text)
        faults: list[LastmileError] = [
            _fault(detail, model, shown, lines, tuple(table)) for detail in _causes(error.errors())
        ]
        raise_faults(faults)
        raise AssertionError from error


def make_definition(model: type[D], shown: str, **keys: object) -> D:
    """The definition with these keys, as code gives them.

    Raises:
        BadDefinition, Faults: as for a file, without lines.
    """
    try:
        return model.model_validate(keys)
    except ValidationError as error:
        lines = KeyLines("")
        raise_faults([_fault(d, model, shown, lines, ()) for d in _causes(error.errors())])
        raise AssertionError from error


def _causes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without those that only follow from a fault further inside."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail in details
        if not any(
            len(place) > len(detail["loc"]) > 0 and place[: len(detail["loc"])] == detail["loc"]
            for place in places
        )
    ]


def _broken(error: tomllib.TOMLDecodeError, shown: str) -> BadDefinition:
    match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    where = f"{shown}:{match[1]}:{match[2]}" if match else shown
    reason = re.sub(r"\s*\(at .*\)$", "", str(error))
    return BadDefinition(
        f"{shown} is not TOML: {reason[0].lower()}{reason[1:]}",
        where=where,
        fix="strings stand in quotes, tables in [brackets], one `key = value` on a line",
    )


def _fault(
    detail: ErrorDetails,
    model: type[BaseModel],
    shown: str,
    lines: "KeyLines",
    table: tuple[str, ...],
) -> BadDefinition:
    path = tuple(str(part) for part in detail["loc"])
    key = ".".join(path)
    line = lines.find((*table, *path))
    where = f"{shown}:{line}" if line else shown
    if detail["type"] == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        return BadDefinition(f"`{key}` is not a key", where=where, fix=nearest(path[-1], known))
    if detail["type"] == "missing":
        return BadDefinition(f"`{key}` is missing", where=where, fix=f"add `{path[-1]} = ...`")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    reason = f"{message[0].lower()}{message[1:]}"
    if not key:
        return BadDefinition(reason, where=where)
    return BadDefinition(f"`{key}` is {detail['input']!r}: {reason}", where=where)


def _known_keys(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """The keys that `model` allows at `path`, looking through nested models and dictionaries."""
    found: type[BaseModel] | None = model
    for part in path:
        if found is None:
            return []
        if part in found.model_fields:
            found = _model_in(found.model_fields[part].annotation)
    return [field.alias or name for name, field in found.model_fields.items()] if found else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if inner := _model_in(part):
            return inner
    return None


class KeyLines:
    """Which line of a TOML text a key stands on (tomllib itself tells no positions)."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        counts: Counter[tuple[str, ...]] = Counter()
        for number, line in enumerate(text.splitlines(), start=1):
            if match := re.match(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$", line):
                table = _split(match[2])
                self._lines.setdefault(table, number)
                if match[1] == "[[":
                    table = (*table, str(counts[table]))
                    counts[table[:-1]] += 1
                self._lines.setdefault(table, number)
            elif match := re.match(r"\s*([A-Za-z0-9_\-.\"' ]+?)\s*=", line):
                self._lines.setdefault((*table, *_split(match[1])), number)

    def find(self, path: tuple[str, ...]) -> int:
        """The line of `path`, or of the nearest table around it; 0 where nothing stands."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1) if self._lines else 0


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
