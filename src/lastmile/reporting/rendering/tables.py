"""Rows of cells as a :class:`Table`: a full grid, with numbers standing under numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lastmile.reporting.rendering.blocks import Align, Cell, Table, plain
from lastmile.reporting.rendering.markup import Node, content_of

MOST_ROWS = 400
MOST_COLUMNS = 200

Places = dict[int, Cell | None]
"""One row: the cell in each column, or None where a cell from the left or above covers it."""

_NUMBER = re.compile(
    r"[-+\u2212±(]?\s?[$€£¥]?\s?\d[\d.,'\u2019\u00a0\u202f ]*(?:e[-+]?\d+)?"
    r"\s?(?:[%‰°)]|[a-zA-Zµ°€$£]{1,3}(?:/[a-zA-Z]{1,3})?[²³]?)?",
    re.IGNORECASE,
)
_NOTHING = {"", "nan", "none", "<na>", "nat", "inf", "-inf", "-", "\u2013", "\u2014", "...", "…",
            "n/a", "\u00a0"}  # fmt: skip
_EMPTY = Cell(())


def html_table(node: Node) -> Table | None:
    """The table that a `table` element means, or None for an empty one.

    Beyond `MOST_ROWS` rows those before the end, beyond `MOST_COLUMNS` columns the right ones are
    left out, and the caption says so.
    """
    caption = " ".join(plain(content_of(part.children)) for part in node.all("caption"))
    head, body = _sections(node)
    if not head and not body:
        return None
    notes = [caption] if caption else []
    if len(body) > MOST_ROWS:
        notes.append(f"first {MOST_ROWS - 20} and last 20 of {len(body):,} rows")
        body = [*body[: MOST_ROWS - 20], *body[-20:]]
    head_places, body_places = _places(head), _places(body)
    head_places = _folded(head_places)
    width = _width([*head_places, *body_places])
    if width > MOST_COLUMNS:
        notes.append(f"first {MOST_COLUMNS} of {width:,} columns")
    return table_of(head_places, body_places, ", ".join(notes))


def table_of(head: Sequence[Places], body: Sequence[Places], caption: str = "") -> Table:
    """A table whose cells are aligned: as they say themselves, else numbers right, words left."""
    width = min(_width([*head, *body]), MOST_COLUMNS)
    aligns = [_alignment(body, column) for column in range(width)]
    return Table(
        tuple(_row(places, aligns, "center") for places in head),
        tuple(_row(places, aligns, "left") for places in body),
        width,
        _stub(body, width),
        caption,
    )


def _sections(node: Node) -> tuple[list[Node], list[Node]]:
    """The rows of the head and of the body; without a `thead` leading rows of `th` are the head."""
    head = [row for part in node.all("thead") for row in part.all("tr")]
    body = [row for part in node.all("tbody", "tfoot") for row in part.all("tr")]
    head = [row for row in head if row.all("td", "th")]
    body = [row for row in (*node.all("tr"), *body) if row.all("td", "th")]
    while not head and len(body) > 1 and not body[0].all("td"):
        head.append(body.pop(0))
    return head, body


def _places(rows: Sequence[Node]) -> list[Places]:
    grid: list[Places] = [{} for _ in rows]
    for y, row in enumerate(rows):
        x = 0
        for node in row.all("td", "th"):
            while x in grid[y]:
                x += 1
            if x >= MOST_COLUMNS:
                grid[y][x] = None  # counts for the width, so that the caption can tell it
                continue
            cell = _cell(
                node, room=_room(grid[y], x) if node.attributes else 1, below=len(rows) - y
            )
            if cell.rows > 1 or cell.columns > 1:
                for covered in range(y, y + cell.rows):
                    grid[covered].update(dict.fromkeys(range(x, x + cell.columns)))
            grid[y][x] = cell
            x += cell.columns
    return grid


def _folded(head: list[Places]) -> list[Places]:
    """The head with pandas' row of index names moved up into the empty fields above it."""
    if len(head) < 2:
        return head
    above, last = head[-2], head[-1]
    named = [column for column, cell in last.items() if cell and cell.content]
    stub = range(max(named, default=-1) + 1)
    free = all((cell := above.get(column)) and not cell.content for column in stub)
    if not stub or len(stub) == len(last) or not free:
        return head
    single = {column: last[column] for column in stub}
    return [*head[:-2], {**above, **single}]


def _room(row: Places, start: int) -> int:
    """How many places are free from `start` on."""
    taken = [column for column in row if column > start]
    return min(taken, default=MOST_COLUMNS) - start


def _cell(node: Node, room: int, below: int) -> Cell:
    if not node.attributes:
        return Cell(content_of(node.children), node.tag == "th")
    said = re.search(r"text-align:\s*(left|center|right)", node.attributes.get("style", ""))
    align = said[1] if said else node.attributes.get("align", "")
    known: Mapping[str, Align] = {"left": "left", "center": "center", "right": "right"}
    return Cell(
        content_of(node.children),
        node.tag == "th",
        known.get(align),
        min(_span(node, "colspan"), max(room, 1)),
        min(_span(node, "rowspan"), below),
    )


def _span(node: Node, name: str) -> int:
    value = node.attributes.get(name, "")
    return max(int(value), 1) if re.fullmatch(r"[0-9]{1,4}", value) else 1


def _width(rows: Sequence[Places]) -> int:
    return max((max(row, default=-1) + 1 for row in rows), default=0)


def _row(places: Places, aligns: Sequence[Align], spanning: Align) -> tuple[Cell, ...]:
    cells = []
    for column, align in enumerate(aligns):
        cell = places.get(column, _EMPTY)
        if cell is not None:
            columns = min(cell.columns, len(aligns) - column)
            own = cell.align or (align if columns == 1 else spanning)
            cells.append(replace(cell, align=own, columns=columns))
    return tuple(cells)


def _alignment(body: Sequence[Places], column: int) -> Align:
    cells = (row.get(column) for row in body)
    words = [plain(cell.content).strip() for cell in cells if cell and cell.columns == 1]
    told = [word for word in words if word.lower() not in _NOTHING]
    return "right" if told and all(_NUMBER.fullmatch(word) for word in told) else "left"


def _stub(body: Sequence[Places], width: int) -> int:
    """How many columns at the left hold header cells alone."""
    for column in range(width):
        cells = [cell for row in body if (cell := row.get(column, _EMPTY)) is not None]
        if not cells or not all(cell.header for cell in cells):
            return column
    return 0
