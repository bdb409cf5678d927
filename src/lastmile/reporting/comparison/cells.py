"""Two executed notebooks as pairs of cells, with the outputs of each cell taken apart.

Cells are paired in their order: those with the same source first, as a diff does, then those that
stand in each other's place.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from lastmile.reporting.recorded import without_records
from lastmile.reporting.rendering.blocks import (
    Aside,
    Block,
    Code,
    Equation,
    Fault,
    Figure,
    Heading,
    Items,
    Paragraph,
    Printed,
    Quote,
    Table,
    plain,
)
from lastmile.reporting.rendering.outputs import output_blocks

_VARYING = re.compile(r"0x[0-9a-fA-F]{6,16}|(?<=ipykernel_)\d+(/\d+)?")
"""Addresses in memory and numbers of processes, which no two runs share."""


@dataclass(slots=True)
class Cell:
    """One cell: the section it stands in, its source, and what came out of it."""

    section: str
    source: str
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words of the outputs."""
        return _VARYING.sub("…", "\n".join(self.words))


Pair = tuple[Cell | None, Cell | None]


def cells_of(notebook: Any) -> list[Cell]:
    """The cells of an executed notebook, but for the one that parameters were injected with."""
    cells, section = [], ""
    for cell in without_records(notebook).cells:
        source = str(cell.source).strip()
        if cell.cell_type == "markdown":
            section = _heading(source) or section
        if source and "injected-parameters" not in cell.metadata.get("tags", ()):
            made = Cell(section, source)
            if cell.cell_type == "code":
                _take_apart(made, output_blocks(cell.outputs))
            cells.append(made)
    return cells


def paired(before: list[Cell], after: list[Cell]) -> Iterator[Pair]:
    """Each cell once, with its counterpart or with None."""
    left, right = [cell.source for cell in before], [cell.source for cell in after]
    for _, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        yield from zip_longest(before[i1:i2], after[j1:j2])


def _heading(source: str) -> str:
    found = re.findall(r"(?m)^#{1,6}\s+(.+?)\s*#*$", source)
    return str(found[-1]) if found else ""


def _take_apart(cell: Cell, blocks: Iterable[Block]) -> None:
    for block in blocks:
        match block:
            case Table():
                cell.tables.append(block)
            case Figure():
                cell.figures.append(block)
            case _:
                cell.words.extend(_words(block))


def _words(block: Block) -> Iterator[str]:
    match block:
        case Printed() | Code() | Aside():
            yield block.text
        case Paragraph(content) | Heading(_, content):
            yield plain(content)
        case Equation(tex):
            yield tex
        case Fault(name, message):
            yield f"{name}: {message}"
        case Items() | Quote():
            for inner in _within(block):
                yield from _words(inner)


def _within(block: Items | Quote) -> Iterator[Block]:
    if isinstance(block, Quote):
        return iter(block.blocks)
    return (inner for item in block.items for inner in item)


def named(places: Iterable[str]) -> Iterator[str]:
    """The places, with a number behind those that came before: `Rain`, `Rain (2)`."""
    counts: dict[str, int] = {}
    for place in places:
        name = place or "The beginning"
        counts[name] = counts.get(name, 0) + 1
        yield name if counts[name] == 1 else f"{name} ({counts[name]})"
