"""Tables, field by field: rows and columns are found again by their names, not by their place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lastmile.recording import TABLE
from lastmile.reporting.comparison.changes import FieldChange, TableChange
from lastmile.reporting.rendering.blocks import Cell, Table, plain

_NUMBER = re.compile(r"([-+]?\d{1,18}(?:\.\d{1,18})?(?:e[-+]?\d{1,2})?)\s?(\D{0,6})", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d)[,'\u2019\u202f\u00a0](?=\d{3}(\D|$))")


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as texts by the names of row and column."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    fields: Mapping[tuple[str, str], str]


def grid_of(table: Table) -> Grid:
    """The grid of a table of the page. Rows without names count from 1."""
    head, body = _spread(table.head, table.width), _spread(table.body, table.width)
    columns = _unique(
        " / ".join(dict.fromkeys(row[x] for row in head if row[x])) or f"column {x + 1}"
        for x in range(table.stub, table.width)
    )
    stubs = (" / ".join(row[: table.stub]).strip(" /") for row in body)
    rows = _unique(stub or str(number) for number, stub in enumerate(stubs, start=1))
    fields = {
        (name, column): row[table.stub + x]
        for name, row in zip(rows, body, strict=True)
        for x, column in enumerate(columns)
    }
    return Grid(rows, columns, fields)


def recorded_grid(value: Mapping[str, Any]) -> Grid:
    """The grid of a recorded table."""
    table = value[TABLE]
    rows = _unique(_name(label) for label in table["index"])
    columns = _unique(_name(label) for label in table["columns"])
    fields = {
        (row, column): _name(field)
        for row, line in zip(rows, table["rows"], strict=True)
        for column, field in zip(columns, line, strict=True)
    }
    return Grid(rows, columns, fields)


def table_change(place: str, before: Grid | None, after: Grid | None) -> TableChange:
    """The change of a table; a row or column that only moved is no change."""
    if before is None or after is None:
        return TableChange(place=place, status="added" if before is None else "removed")
    shared = [key for key in before.fields if key in after.fields]
    fields = tuple(
        FieldChange(
            row=row,
            column=column,
            before=old,
            after=new,
            difference=difference(old, new),
        )
        for row, column in shared
        if (old := before.fields[row, column]) != (new := after.fields[row, column])
    )
    change = TableChange(
        place=place,
        status="changed",
        rows_added=_only(after.rows, before.rows),
        rows_removed=_only(before.rows, after.rows),
        columns_added=_only(after.columns, before.columns),
        columns_removed=_only(before.columns, after.columns),
        fields=fields,
        compared=len(shared),
    )
    if before == after or change == TableChange(
        place=place, status="changed", compared=len(shared)
    ):
        return TableChange(place=place, status="equal", compared=len(shared))
    return change


def difference(before: str, after: str) -> str:
    """`after` - `before` with a sign where both are numbers of one unit, else nothing."""
    old, new = _number(before), _number(after)
    if old is None or new is None or old[1] != new[1]:
        return ""
    return f"{new[0] - old[0]:+f}"


def _number(text: str) -> tuple[Decimal, str] | None:
    text = _THOUSANDS.sub("", text.strip().replace("\u2212", "-"))
    match = _NUMBER.fullmatch(text)
    return (Decimal(match[1]), match[2].strip()) if match else None


def _spread(rows: Sequence[Sequence[Cell]], width: int) -> list[list[str]]:
    """The words of each place; a cell that covers several stands in each of them."""
    grid: list[dict[int, str]] = [{} for _ in rows]
    for y, row in enumerate(rows):
        x = 0
        for cell in row:
            while x in grid[y]:
                x += 1
            words = plain(cell.content)
            for below in grid[y : y + cell.rows]:
                below.update(dict.fromkeys(range(x, x + cell.columns), words))
    return [[places.get(x, "") for x in range(width)] for places in grid]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """The names, with a number behind those that came before."""
    counts: dict[str, int] = {}
    found = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        found.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return tuple(found)


def _name(value: Any) -> str:
    match value:
        case None:
            return ""
        case list():
            return " / ".join(map(_name, value))
    return str(value)


def _only(names: Iterable[str], others: Sequence[str]) -> tuple[str, ...]:
    known = set(others)
    return tuple(name for name in names if name not in known)
