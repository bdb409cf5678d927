"""Two sides become a comparison; nothing is read and nothing written."""

from collections.abc import Callable, Iterator, Sequence
from difflib import unified_diff
from itertools import islice, zip_longest
from typing import TypeVar

from lastmile.recording import TABLE
from lastmile.reporting.comparison.cells import Cell, Pair, cells_of, named, paired
from lastmile.reporting.comparison.changes import (
    Comparison,
    FigureChange,
    Side,
    Status,
    TableChange,
    TextChange,
)
from lastmile.reporting.comparison.grids import grid_of, recorded_grid, table_change
from lastmile.reporting.comparison.pictures import figure_change
from lastmile.reporting.comparison.scalars import environment_changes, value_change, value_changes

MOST_LINES = 400
_Thing = TypeVar("_Thing")


def compare(before: Side, after: Side) -> Comparison:
    """What differs between two runs; of one report, if the result should mean much."""
    pairs = list(paired(cells_of(before.notebook), cells_of(after.notebook)))
    old, new = before.record, after.record
    return Comparison(
        before=before,
        after=after,
        state=value_change("state", old.get("state"), new.get("state")),
        parameters=value_changes(old.get("parameters") or {}, new.get("parameters") or {}),
        recorded=value_changes(old.get("recorded") or {}, new.get("recorded") or {}),
        tables=(*_recorded_tables(before, after), *_tables(pairs)),
        texts=tuple(_texts(pairs, lambda cell: cell.text)),
        figures=tuple(_figures(pairs)),
        sources=tuple(_texts(pairs, lambda cell: cell.source)),
        environment=environment_changes(old.get("provenance") or {}, new.get("provenance") or {}),
    )


def _recorded_tables(before: Side, after: Side) -> Iterator[TableChange]:
    old, new = (
        {
            name: recorded_grid(value)
            for name, value in (side.record.get("recorded") or {}).items()
            if isinstance(value, dict) and TABLE in value
        }
        for side in (before, after)
    )
    for name in dict.fromkeys((*old, *new)):
        yield table_change(f"{name} (recorded)", old.get(name), new.get(name))


def _tables(pairs: Sequence[Pair]) -> Iterator[TableChange]:
    found = list(_outputs(pairs, lambda cell: cell.tables))
    for place, (_, old, new) in zip(named(place for place, _, _ in found), found, strict=True):
        yield table_change(place, grid_of(old) if old else None, grid_of(new) if new else None)


def _figures(pairs: Sequence[Pair]) -> Iterator[FigureChange]:
    found = list(_outputs(pairs, lambda cell: cell.figures))
    for place, (_, old, new) in zip(named(place for place, _, _ in found), found, strict=True):
        yield figure_change(place, old, new)


def _texts(pairs: Sequence[Pair], text_of: Callable[[Cell], str]) -> Iterator[TextChange]:
    def texts(cell: Cell) -> Sequence[str]:
        return [text_of(cell)] if text_of(cell) else []

    found = list(_outputs(pairs, texts))
    for place, (_, old, new) in zip(named(place for place, _, _ in found), found, strict=True):
        yield _text_change(place, old, new)


def _outputs(
    pairs: Sequence[Pair], things_of: Callable[[Cell], Sequence[_Thing]]
) -> Iterator[tuple[str, _Thing | None, _Thing | None]]:
    """The section, and the things of one kind that stand in each other's place there."""
    for before, after in pairs:
        cell = after or before
        if cell is None:
            continue
        old = things_of(before) if before else ()
        new = things_of(after) if after else ()
        for pair in zip_longest(old, new):
            yield cell.section, *pair


def _text_change(place: str, before: str | None, after: str | None) -> TextChange:
    if before == after:
        return TextChange(place=place, status="equal")
    status: Status = "added" if before is None else "removed" if after is None else "changed"
    diff = unified_diff((before or "").splitlines(), (after or "").splitlines(), n=1, lineterm="")
    lines = [line for line in islice(diff, 2, None) if not line.startswith("@@")]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"… and {len(lines) - MOST_LINES:,} lines more"]
    return TextChange(place=place, status=status, lines=tuple(lines))
