"""Markdown as blocks: CommonMark with tables, strike-through, and mathematics between dollars."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from lastmile.reporting.rendering.blocks import (
    Align,
    Block,
    Break,
    Cell,
    Code,
    Content,
    Equation,
    Formula,
    Heading,
    Inline,
    Items,
    Link,
    Mark,
    Paragraph,
    Quote,
    Rule,
    Text,
)
from lastmile.reporting.rendering.hypertext import html_blocks, inset, picture
from lastmile.reporting.rendering.markup import MARKS, tidy
from lastmile.reporting.rendering.tables import Places, table_of
from lastmile.reporting.rendering.wording import clean, safe_link

Attachments = Mapping[str, Mapping[str, str]]
"""Pictures inside a Markdown cell: name -> MIME type -> base64 text."""

_EMPHASIS: Mapping[str, Mark] = {"strong": "strong", "em": "em", "s": "strike"}
_DISPLAYED = ("math_block", "math_block_label", "amsmath", "math_inline_double")


class _Markdown(MarkdownIt):
    """Leaves the judgement of addresses to `safe_link` and `picture`, which keep the words."""

    def validateLink(self, url: str) -> bool:
        return True


@cache
def _parser() -> MarkdownIt:
    parser = _Markdown("commonmark").enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, allow_digits=False, allow_space=False, double_inline=True)
    return parser.use(amsmath_plugin)


def markdown_blocks(text: str, attachments: Attachments | None = None) -> tuple[Block, ...]:
    """The blocks of a Markdown text; HTML within it is read as any other HTML is."""
    tree = SyntaxTreeNode(_parser().parse(clean(text)))
    return tuple(_Reader(attachments or {}).blocks(tree.children))


class _Reader:
    """Walks a syntax tree. Pictures and displayed formulas within a paragraph follow it."""

    def __init__(self, attachments: Attachments) -> None:
        self._attachments = attachments
        self._lifted: list[Block] = []

    def blocks(self, nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
        for node in nodes:
            yield from self._block(node)
            yield from self._lifted
            self._lifted = []

    def _block(self, node: SyntaxTreeNode) -> Iterator[Block]:
        match node.type:
            case "heading" | "paragraph":
                yield from self._words(node)
            case "bullet_list" | "ordered_list":
                start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
                yield Items(start, tuple(self._inset(item) for item in node.children))
            case "blockquote":
                yield Quote(self._inset(node))
            case "fence" | "code_block":
                yield Code(node.content.rstrip("\n"), (node.info or "").split(" ")[0])
            case "table":
                yield table_of(*self._table(node))
            case "html_block":
                yield from html_blocks(node.content)
            case "hr":
                yield Rule()
            case _ if node.type in _DISPLAYED:
                yield Equation(node.content.strip())

    def _words(self, node: SyntaxTreeNode) -> Iterator[Block]:
        if content := self._content(node.children):
            is_heading = node.type == "heading"
            yield Heading(int(node.tag[1]), content) if is_heading else Paragraph(content)

    def _inset(self, node: SyntaxTreeNode) -> tuple[Block, ...]:
        return inset(tuple(self.blocks(node.children)))

    def _table(self, node: SyntaxTreeNode) -> tuple[list[Places], list[Places]]:
        head: list[Places] = []
        body: list[Places] = []
        for section in node.children:
            rows = head if section.type == "thead" else body
            rows.extend(dict(enumerate(map(self._cell, row.children))) for row in section.children)
        return head, body

    def _cell(self, node: SyntaxTreeNode) -> Cell:
        style = str(node.attrs.get("style", ""))
        said: Mapping[str, Align] = {"left": "left", "center": "center", "right": "right"}
        align = said.get(style.removeprefix("text-align:"))
        return Cell(self._content(node.children), node.type == "th", align)

    def _content(self, nodes: Sequence[SyntaxTreeNode]) -> Content:
        line = [child for node in nodes for child in (node.children or [node])]
        return tidy(self._parts(line, frozenset()))

    def _parts(self, nodes: Sequence[SyntaxTreeNode], marks: frozenset[Mark]) -> Iterator[Inline]:
        opened: list[tuple[str, Mark]] = []
        for node in nodes:
            if node.type == "html_inline":
                yield from _tag(node.content, opened)
            else:
                yield from self._part(node, marks | {mark for _, mark in opened})

    def _part(self, node: SyntaxTreeNode, marks: frozenset[Mark]) -> Iterator[Inline]:
        match node.type:
            case "text":
                yield Text(node.content, marks)
            case "softbreak":
                yield Text(" ", marks)
            case "hardbreak":
                yield Break()
            case "code_inline":
                yield Text(node.content, marks | {"code"})
            case "strong" | "em" | "s":
                yield from self._parts(node.children, marks | {_EMPHASIS[node.type]})
            case "link":
                yield from self._link(node, marks)
            case "image":
                self._lifted.append(self._picture(node))
            case "math_inline":
                yield Formula(node.content.strip())
            case kind if kind in _DISPLAYED:
                self._lifted.append(Equation(node.content.strip()))

    def _link(self, node: SyntaxTreeNode, marks: frozenset[Mark]) -> Iterator[Inline]:
        inner = tidy(self._parts(node.children, marks))
        href = safe_link(str(node.attrs.get("href", "")))
        if href is None:
            yield from inner
        elif inner:
            yield Link(href, tuple(part for part in inner if not isinstance(part, Link)))

    def _picture(self, node: SyntaxTreeNode) -> Block:
        source = str(node.attrs.get("src", ""))
        name = source.removeprefix("attachment:")
        if name != source and (found := self._attachments.get(name)):
            mime, payload = next(iter(found.items()), ("", ""))
            source = f"data:{mime};base64,{payload}"
        return picture(source, clean(node.content), clean(node.attrs.get("title", "")))


def _tag(html: str, opened: list[tuple[str, Mark]]) -> Iterator[Inline]:
    """An HTML tag within a line: a break, or the begin or the end of a mark; nothing else."""
    name = html.strip("</> \n").split()[0].lower() if html.strip("</> \n") else ""
    if name.rstrip("/") == "br":
        yield Break()
    elif html.startswith("</"):
        for position in range(len(opened) - 1, -1, -1):
            if opened[position][0] == name:
                del opened[position:]
                break
    elif name in MARKS:
        opened.append((name, MARKS[name]))
