"""Somebody's HTML as a small clean tree, and the words within it as content.

Only what nh3 leaves is read: no scripts, no styles, no event handlers, no forms, no frames.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from lastmile.reporting.rendering.blocks import Break, Content, Inline, Link, Mark, Text, plain
from lastmile.reporting.rendering.wording import clean, safe_link

LONGEST = 3_000_000
DEEPEST = 24

_TAGS = {
    "a", "abbr", "article", "aside", "b", "blockquote", "br", "caption", "center", "cite", "code",
    "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main",
    "mark", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong",
    "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u",
    "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align", "style", "class"},
    "th": {"colspan", "rowspan", "align", "style", "class"},
}
_DROPPED = {"script", "style", "head", "title", "noscript", "template", "iframe", "object", "svg",
            "math", "canvas", "video", "audio", "button", "select", "textarea"}  # fmt: skip
_VOID = {"br", "hr", "img"}
MARKS: dict[str, Mark] = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "em", "dfn": "em",
    "var": "em", "code": "code", "kbd": "code", "samp": "code", "tt": "code", "s": "strike",
    "del": "strike", "strike": "strike", "sub": "sub", "sup": "sup",
}  # fmt: skip


@dataclass(slots=True)
class Node:
    """One element of the tree."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: "list[Node | str]" = field(default_factory=list)

    def all(self, *tags: str) -> "list[Node]":
        """The children that are elements of one of `tags`."""
        return [child for child in self.children if isinstance(child, Node) and child.tag in tags]


class _Builder(HTMLParser):
    """Reads what nh3 wrote. Elements deeper than `DEEPEST` lose their tags, not their words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack = [Node("root")]
        self._deeper = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.stack) > DEEPEST:
            self._deeper += tag not in _VOID
            return
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].children.append(node)
        if tag not in _VOID:
            self.stack.append(node)

    def handle_endtag(self, tag: str) -> None:
        if self._deeper:
            self._deeper -= 1
        elif len(self.stack) > 1 and self.stack[-1].tag == tag:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)


def parse(html: str) -> Node:
    """The clean tree of an HTML text; beyond `LONGEST` characters it is cut."""
    cleaner = nh3.clean(
        clean(html)[:LONGEST],
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    builder = _Builder()
    builder.feed(cleaner)
    builder.close()
    return builder.stack[0]


def content_of(nodes: Iterable[Node | str], marks: frozenset[Mark] = frozenset()) -> Content:
    """The words of some nodes as they stand in a line; white space is folded as browsers do."""
    match nodes:
        case [str(words)]:  # nearly every field of a table
            words = _SPACE.sub(" ", words).strip(" ")
            return (Text(words, marks),) if words.strip() else ()
    return tidy(_parts(nodes, marks))


_SPACE = re.compile(r"[ \t\n\r\f]+")


def _parts(nodes: Iterable[Node | str], marks: frozenset[Mark]) -> list[Inline]:
    parts: list[Inline] = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(Text(_SPACE.sub(" ", node), marks))
        elif node.tag == "br":
            parts.append(Break())
        elif node.tag == "img":
            parts.append(Text(node.attributes.get("alt", ""), marks))
        elif node.tag == "a" and (href := safe_link(node.attributes.get("href"))):
            inner = content_of(node.children, marks)
            parts.append(Link(href, tuple(part for part in inner if not isinstance(part, Link))))
        else:
            added = MARKS.get(node.tag)
            parts.extend(_parts(node.children, marks | {added} if added else marks))
    return parts


def tidy(parts: Iterable[Inline]) -> Content:
    """The same content with neighbours joined, and no white space at either end."""
    joined: list[Inline] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Text):
            words = part.text
            if last is None or isinstance(last, Break) or _ends_with_space(last):
                words = words.lstrip(" ")
            if not words:
                continue
            if isinstance(last, Text) and last.marks == part.marks:
                joined[-1] = Text(last.text + words, part.marks)
            else:
                joined.append(Text(words, part.marks))
        else:
            joined.append(part)
    return _trimmed(joined)


def _ends_with_space(part: Inline) -> bool:
    return isinstance(part, Text) and part.text.endswith(" ")


def _trimmed(parts: list[Inline]) -> Content:
    while parts:
        last = parts[-1]
        if isinstance(last, Text) and (words := last.text.rstrip(" ")):
            parts[-1] = Text(words, last.marks)
            break
        if not isinstance(last, Text | Break):
            break
        parts.pop()
    while parts and isinstance(parts[0], Break):
        parts.pop(0)
    return tuple(parts) if plain(tuple(parts)).strip() else ()
