"""The document model: what a report consists of, before it is HTML or PDF.

Every text in it is clean (no control characters, no lone surrogates) and plain: neither HTML, nor
Typst, nor terminal codes. Links lead to http, https, mailto or to an anchor, nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Mark = Literal["strong", "em", "code", "strike", "sub", "sup"]
Align = Literal["left", "center", "right"]
PictureKind = Literal["svg", "png", "jpeg", "gif", "webp"]


@dataclass(frozen=True, slots=True)
class Text:
    """A run of words, all with the same marks."""

    text: str
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    href: str
    content: "tuple[Text | Formula | Break, ...]"


@dataclass(frozen=True, slots=True)
class Formula:
    """Mathematics within a line, in LaTeX."""

    tex: str


@dataclass(frozen=True, slots=True)
class Break:
    """A forced end of the line."""


Inline = Text | Link | Formula | Break
Content = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's title; level 1 is the topmost below the report's own title."""

    level: int
    content: Content
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose."""

    content: Content


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `start` is the first number, or None where the items carry bullets."""

    start: int | None
    items: "tuple[tuple[Block, ...], ...]"


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody else's words."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Code:
    """A program text; `language` is a name that Pygments knows, or empty."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a cell printed: runs of (text, style), where a style is words such as `red bold`."""

    runs: tuple[tuple[str, str], ...]
    channel: Literal["stdout", "stderr", "result"] = "stdout"

    @property
    def text(self) -> str:
        """The same without styles."""
        return "".join(text for text, _ in self.runs)


@dataclass(frozen=True, slots=True)
class Equation:
    """Mathematics on a line of its own, in LaTeX."""

    tex: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table; `columns` and `rows` are how many it covers.

    In a finished table every cell has an `align`; None means that it did not say one itself.
    """

    content: Content
    header: bool = False
    align: Align | None = None
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; `width` is the number of columns, `stub` how many of them name the row."""

    head: tuple[tuple[Cell, ...], ...]
    body: tuple[tuple[Cell, ...], ...]
    width: int
    stub: int = 0
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture. `size` is its natural width and height in CSS pixels; `number` counts captions."""

    kind: PictureKind
    data: bytes
    size: tuple[float, float]
    alt: str = ""
    caption: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """An exception: its class, its message and its traceback as styled runs."""

    name: str
    message: str
    trace: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """A quiet remark of the renderer's own, where something could not be shown."""

    text: str


CellState = Literal["completed", "degraded", "failed", "stopped", "not-run"]
TROUBLE: Mapping[CellState, str] = MappingProxyType(
    {"degraded": "has a defect", "failed": "failed", "stopped": "was stopped"}
)
"""Words for the states that a reader must see."""


@dataclass(frozen=True, slots=True)
class Step:
    """One code cell: its source, where that may be shown, and what came out of it.

    `number` counts the notebook's cells from one; `note` is the runner's remark on the state.
    """

    number: int
    state: CellState
    source: Code | None
    blocks: "tuple[Block, ...]"
    note: str = ""
    anchor: str = ""


Block = (
    Heading
    | Paragraph
    | Items
    | Quote
    | Rule
    | Code
    | Printed
    | Equation
    | Table
    | Figure
    | Fault
    | Aside
    | Step
)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report below its title block; `failed` is the anchor of the first failed cell."""

    blocks: tuple[Block, ...]
    failed: str = ""

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The sections, in their order."""
        return tuple(
            inner
            for block in self.blocks
            for inner in (block.blocks if isinstance(block, Step) else (block,))
            if isinstance(inner, Heading)
        )


def plain(content: Content) -> str:
    """The words of a content without marks and links."""
    words = []
    for part in content:
        match part:
            case Text(text):
                words.append(text)
            case Link(_, inner):
                words.append(plain(inner))
            case Formula(tex):
                words.append(tex)
            case Break():
                words.append(" ")
    return "".join(words)
