"""A table as Typst: smaller where it is wide, cut into bands of columns where it is too wide."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from lastmile.reporting.rendering.blocks import Cell, Content, Table, Text, plain
from lastmile.reporting.rendering.typeset_maths import literal
from lastmile.reporting.rendering.wording import breakable

LINE_WIDTH = 470.0
"""The width of the printed column in points (A4 less its margins, as in `report.typ`)."""

_LARGEST, _SMALLEST, _BANDED = 8.6, 6.2, 7.0
_WIDEST_WORDS = 26
_LONGEST_WORD = 24
_WHOLE_ROWS = 16

Placed = tuple[int, Cell]


def typst_tables(table: Table, content: Callable[[Content], str]) -> list[str]:
    """The expressions of one table: usually one, several where it is cut into bands.

    `content` writes the words of a cell.
    """
    head, body = _placed(table.head), _placed(table.body)
    units = _units([*head, *body], table.width)
    size = min(_LARGEST, LINE_WIDTH / sum(units)) if units else _LARGEST
    if size >= _SMALLEST:
        return [_table(head, body, range(table.width), (size, table.caption), content)]
    names = _names(units, table.stub)
    expressions = []
    for number, band in enumerate(_bands(units, len(names)), start=1):
        columns = [*(names if number > 1 else ()), *band]
        first, last, total = (n - len(names) for n in (band[0], band[-1], table.width))
        where = f"columns {max(first, 0) + 1}–{last + 1} of {total}"
        looks = _BANDED, f"{table.caption} ({where})" if table.caption else where
        expressions.append(
            _table(_cut(head, columns), _cut(body, columns), columns, looks, content)
        )
    return expressions


def _names(units: Sequence[float], stub: int) -> range:
    """The columns that name the rows, where they leave room for others beside them."""
    return range(stub if sum(units[:stub]) < LINE_WIDTH / _BANDED / 2 else 0)


def _placed(rows: Sequence[Sequence[Cell]]) -> list[list[Placed]]:
    """Every cell with the column in which it begins."""
    covered: dict[int, int] = {}
    result = []
    for row in rows:
        placed, x = [], 0
        for cell in row:
            while covered.get(x, 0):
                x += 1
            placed.append((x, cell))
            for column in range(x, x + cell.columns):
                covered[column] = cell.rows
            x += cell.columns
        covered = {column: left - 1 for column, left in covered.items() if left > 1}
        result.append(placed)
    return result


def _units(rows: Sequence[Sequence[Placed]], width: int) -> list[float]:
    """How wide each column wants to be, in units of the font size, its margins included."""
    units = [1.6] * width
    for row in rows:
        for x, cell in row:
            if cell.columns == 1:
                wide = 0.55 if cell.header else 0.5
                units[x] = max(units[x], 1.1 + wide * _letters(cell))
    return units


def _letters(cell: Cell) -> int:
    words = plain(cell.content)
    if cell.align == "right" and not cell.header:
        return len(words)
    longest = max((len(word) for word in words.split()), default=0)
    return max(min(len(words), _WIDEST_WORDS // (2 if cell.header else 1)), min(longest, 30))


def _bands(units: Sequence[float], names: int) -> list[range]:
    """Neighbouring columns that fit on a line together with the `names` columns at the left."""
    room = LINE_WIDTH / _BANDED
    bands, start, used = [], 0, 0.0
    for column, unit in enumerate(units):
        if column > max(start, names - 1) and used + unit > room:
            bands.append(range(start, column))
            start, used = column, sum(units[:names])
        used += unit
    return [*bands, range(start, len(units))]


def _cut(rows: Sequence[Sequence[Placed]], columns: Sequence[int]) -> list[list[Placed]]:
    """The rows with these columns only; a cell across the edge keeps the part that is inside."""
    places = {column: place for place, column in enumerate(columns)}
    result = []
    for row in rows:
        kept = []
        for x, cell in row:
            inside = [places[c] for c in range(x, x + cell.columns) if c in places]
            if inside:
                kept.append((inside[0], replace(cell, columns=len(inside))))
        result.append(sorted(kept, key=lambda placed: placed[0]))
    return result


def _table(
    head: Sequence[Sequence[Placed]],
    body: Sequence[Sequence[Placed]],
    columns: Sequence[int],
    looks: tuple[float, str],
    content: Callable[[Content], str],
) -> str:
    size, caption = looks
    aligns = ["left"] * len(columns)
    for row in body:
        for x, cell in row:
            if cell.columns == 1 and cell.align:
                aligns[x] = cell.align
    head_cells = [_field(cell, aligns[x], content) for row in head for x, cell in row]
    body_cells = [_field(cell, aligns[x], content) for row in body for x, cell in row]
    header = f"table.header({', '.join(head_cells)})" if head_cells else ""
    parts = [part for part in (header, ", ".join(body_cells)) if part]
    words = literal(caption) if caption else "none"
    whole = str(len(body) <= _WHOLE_ROWS).lower()
    shape = f"{size:.2f}pt, {len(columns)}, {len(head)}, {whole}, ({', '.join(aligns)},)"
    return f"grid-of({shape}, {words}, {', '.join(parts)})"


def _field(cell: Cell, usual: str, content: Callable[[Content], str]) -> str:
    words = content(_breakable(cell.content)) if cell.content else "[]"
    if cell.header and cell.content:
        words = f"strong({words})"
    options = []
    if (cell.align or "left") != usual:
        options.append(f"align: {cell.align}")
    if cell.columns > 1:
        options.append(f"colspan: {cell.columns}")
    if cell.rows > 1:
        options.append(f"rowspan: {cell.rows}")
    return f"table.cell({', '.join(options)}, {words})" if options else words


def _breakable(content: Content) -> Content:
    """Long words may break, so that no column pushes the others off the paper."""
    return tuple(
        Text(breakable(part.text, _LONGEST_WORD), part.marks) if isinstance(part, Text) else part
        for part in content
    )
