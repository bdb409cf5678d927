"""Somebody's HTML as blocks: what a rich output of a cell says when it may run nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lastmile.reporting.rendering.blocks import (
    Aside,
    Block,
    Code,
    Figure,
    Heading,
    Items,
    Mark,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
    plain,
)
from lastmile.reporting.rendering.markup import Node, content_of, parse
from lastmile.reporting.rendering.pictures import KINDS, decode, size_of
from lastmile.reporting.rendering.tables import html_table

_NEEDS_SCRIPT = re.compile(
    r"<\s*(script|iframe|canvas|object|embed|video|audio|applet)\b", re.IGNORECASE
)
_DIMENSIONS = re.compile(r"[\d,]+ rows × [\d,]+ columns")
_INLINE = {"a", "abbr", "b", "br", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark",
           "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
           "var"}  # fmt: skip
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_STRONG: frozenset[Mark] = frozenset(["strong"])


def needs_script(html: str) -> bool:
    """Whether a part of `html` is made by a program or a frame that a report does not run."""
    return bool(_NEEDS_SCRIPT.search(html))


def html_blocks(html: str) -> tuple[Block, ...]:
    """The blocks of an HTML text; what is unsafe is gone, styles are not kept."""
    return tuple(_captioned(_blocks(parse(html).children)))


def inset(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks that stand inside others, where no section can begin: headings become bold lines."""
    return tuple(
        Paragraph((Text(plain(block.content), _STRONG),)) if isinstance(block, Heading) else block
        for block in blocks
    )


def _blocks(nodes: Sequence[Node | str]) -> Iterator[Block]:
    line: list[Node | str] = []
    for node in nodes:
        if isinstance(node, str) or (node.tag in _INLINE and not _holds_picture(node)):
            line.append(node)
            continue
        yield from _paragraph(line)
        line = []
        yield from _block(node)
    yield from _paragraph(line)


def _holds_picture(node: Node) -> bool:
    return any(
        child.tag == "img" or _holds_picture(child)
        for child in node.children
        if isinstance(child, Node)
    )


def _paragraph(line: Sequence[Node | str]) -> Iterator[Block]:
    if content := content_of(line):
        yield Paragraph(content)


def _block(node: Node) -> Iterator[Block]:
    match node.tag:
        case "table":
            if table := html_table(node):
                yield table
        case "img":
            said = node.attributes
            yield picture(said.get("src", ""), said.get("alt", ""), said.get("title", ""))
        case "ul" | "ol":
            yield from _items(node)
        case "pre":
            yield Code("".join(_words(node)).strip("\n"))
        case "blockquote":
            yield Quote(inset(tuple(_blocks(node.children))))
        case "hr":
            yield Rule()
        case _:
            yield from _titled(node)


def _titled(node: Node) -> Iterator[Block]:
    """A heading, a term that stands before its explanation, or whatever an element holds."""
    if node.tag in _HEADINGS:
        if content := content_of(node.children):
            yield Heading(int(node.tag[1]), content)
    elif node.tag in ("dt", "summary"):
        if content := content_of(node.children, _STRONG):
            yield Paragraph(content)
    else:
        yield from _blocks(node.children)


def _items(node: Node) -> Iterator[Block]:
    items = tuple(inset(tuple(_blocks(item.children))) for item in node.all("li"))
    start = node.attributes.get("start", "1")
    number = int(start) if re.fullmatch(r"[0-9]{1,6}", start) else 1
    if items:
        yield Items(number if node.tag == "ol" else None, items)


def _words(node: Node) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, str):
            yield child
        elif child.tag == "br":
            yield "\n"
        else:
            yield from _words(child)


def picture(source: str, alt: str, caption: str = "") -> Figure | Aside:
    """The picture at a `data:` address. A picture from elsewhere is named, not fetched."""
    match = re.match(r"data:(image/[a-z+]+);base64,", source)
    kind = KINDS.get(match[1]) if match else None
    named = f"“{alt}” " if alt else ""
    if match is None or kind is None or kind == "svg":
        return Aside(f"The picture {named}is not part of the notebook and is not shown.")
    data = decode(match[1], source[match.end() :])
    size = size_of(kind, data) if data else None
    if data is None or size is None:
        return Aside(f"The picture {named}is damaged and cannot be shown.")
    return Figure(kind, data, size, alt, caption)


def _captioned(blocks: Iterator[Block]) -> Iterator[Block]:
    """Pandas writes a table's dimensions below it as a paragraph: they are its caption."""
    held: Table | None = None
    for block in blocks:
        if held is not None:
            words = plain(block.content) if isinstance(block, Paragraph) else ""
            if _DIMENSIONS.fullmatch(words):
                yield replace(held, caption=f"{held.caption}, {words}".removeprefix(", "))
                held = None
                continue
            yield held
            held = None
        if isinstance(block, Table):
            held = block
        else:
            yield block
    if held is not None:
        yield held
