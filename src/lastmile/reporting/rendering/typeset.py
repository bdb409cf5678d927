"""A document as a Typst program.

A text of the notebook enters it as a string literal and never as markup; the functions called are
those of `templates/report.typ` and of Typst itself. Pictures stay beside it, as files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lastmile.reporting.rendering.blocks import (
    TROUBLE,
    Aside,
    Block,
    Break,
    Code,
    Content,
    Equation,
    Fault,
    Figure,
    Formula,
    Heading,
    Inline,
    Items,
    Link,
    Paragraph,
    Printed,
    Quote,
    Step,
    Table,
    Text,
)
from lastmile.reporting.rendering.front import Front
from lastmile.reporting.rendering.typeset_maths import literal, typst_formula
from lastmile.reporting.rendering.typeset_tables import LINE_WIDTH, typst_tables
from lastmile.reporting.rendering.wording import breakable

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
_TALLEST = 560.0
_LONGEST_WORD = 60
_MARKS = {"strong": "strong", "em": "emph", "strike": "strike", "sub": "sub", "sup": "super"}


@dataclass(slots=True)
class Typesetter:
    """Writes blocks as Typst expressions and collects the pictures that they name.

    `shown` says whether the sources of good cells are printed; `anchors` are the sections that a
    link may lead to. `pictures` maps a file name to its bytes.
    """

    shown: bool = False
    anchors: frozenset[str] = frozenset()
    pictures: dict[str, bytes] = field(default_factory=dict)

    def blocks(self, blocks: Iterable[Block]) -> list[str]:
        """One expression for each thing that is to be seen."""
        return [expression for block in blocks for expression in self.block(block)]

    def block(self, block: Block) -> list[str]:
        """The expressions of one block."""
        match block:
            case Step():
                return self._step(block)
            case Table():
                return typst_tables(block, self.content)
            case _:
                return [self._nested(block)]

    def _nested(self, block: Block) -> str:
        match block:
            case Heading(level, content, anchor):
                heading = f"heading(level: {level}, {self.content(content)})"
                return f"[#{heading}#label({literal(anchor)})]" if anchor else heading
            case Paragraph(content):
                return f"par({self.content(content)})"
            case Items():
                return self._items(block)
            case Quote(inner):
                return f"quote(block: true, {joined(self.blocks(inner))})"
            case Figure():
                return self._figure(block)
            case _:
                return _leaf(block)

    def content(self, content: Content) -> str:
        """Words within a line, as one expression."""
        return joined([self._inline(part) for part in content])

    def _inline(self, part: Inline) -> str:
        match part:
            case Text(text, marks):
                words = literal(breakable(text, _LONGEST_WORD))
                words = f"raw({words})" if "code" in marks else words
                for mark in sorted(marks - {"code"}):
                    words = f"{_MARKS[mark]}({words})"
                return words
            case Link():
                return self._link(part)
            case Formula(tex):
                return _equation(tex, display=False)
            case Break():
                return "linebreak()"

    def _link(self, link: Link) -> str:
        words = self.content(link.content)
        if not link.href.startswith("#"):
            return f"link({literal(link.href)}, {words})"
        anchor = link.href[1:]
        return f"link(label({literal(anchor)}), {words})" if anchor in self.anchors else words

    def _items(self, block: Items) -> str:
        items = [self._item(item) for item in block.items]
        tight = all(len(item) <= 1 for item in block.items)
        kind = "list(" if block.start is None else f"enum(start: {block.start}, "
        return f"{kind}tight: {str(tight).lower()}, {', '.join(items)})"

    def _item(self, blocks: Sequence[Block]) -> str:
        if blocks and isinstance(first := blocks[0], Paragraph):
            return joined([self.content(first.content), *self.blocks(blocks[1:])])
        return joined(self.blocks(blocks))

    def _figure(self, figure: Figure) -> str:
        name = f"picture-{len(self.pictures) + 1}.{figure.kind}"
        self.pictures[name] = figure.data
        width, height = figure.size[0] * 0.75, figure.size[1] * 0.75
        scale = min(1.0, LINE_WIDTH / width, _TALLEST / height)
        alt = literal(figure.alt or "Figure")
        caption = literal(figure.caption) if figure.caption else "none"
        return (
            f"picture({literal(name)}, {alt}, {width * scale:.2f}pt, {height * scale:.2f}pt, "
            f"{figure.number}, {caption})"
        )

    def _step(self, step: Step) -> list[str]:
        inside = self.blocks(step.blocks)
        name = f"Cell {step.number}"
        if step.state == "not-run":
            return [f"aside({literal(f'{name} was not run.')})"]
        if step.state == "completed":
            return [*(self.block(step.source) if step.source and self.shown else ()), *inside]
        what = f"{name} {TROUBLE[step.state]}."
        source = self.block(step.source) if step.source else []
        tone = "degraded" if step.state == "degraded" else "failed"
        parts = f"{literal(what)}, {literal(step.note)}, {joined([*source, *inside])}"
        return [f"broken(tones.{tone}, {parts})"]


def _leaf(block: Block) -> str:
    match block:
        case Code(text, language):
            return f"source({literal(language)}, {_broken(text)})"
        case Printed():
            return f"printed({_broken(block.text)}, {literal(block.channel)})"
        case Equation(tex):
            return _equation(tex, display=True)
        case Fault(name, message, trace):
            words = _broken("".join(text for text, _ in trace))
            return f"fault({literal(name)}, {_broken(message)}, {words})"
        case Aside(text):
            return f"aside({literal(text)})"
        case _:
            return "rule"


def joined(expressions: Sequence[str]) -> str:
    """Several expressions as one."""
    if len(expressions) == 1:
        return expressions[0]
    return "{" + "; ".join(expressions) + "}" if expressions else "[]"


def _broken(text: str) -> str:
    return literal(breakable(text, _LONGEST_WORD))


def _equation(tex: str, *, display: bool) -> str:
    inside = typst_formula(tex, display=display)
    if inside is None:
        return f"raw({literal(breakable(tex, _LONGEST_WORD))})"
    block = str(display).lower()
    return f"math.equation(block: {block}, alt: {literal(tex or 'formula')}, $ {inside} $.body)"


def typst_program(front: Front, expressions: Sequence[str]) -> str:
    """The whole program: the template, the title block, then the blocks' `expressions`."""
    lines = [TEMPLATE.read_text(encoding="utf-8"), f"#show: report.with({_front(front)})"]
    return "\n".join([*lines, *(f"#{expression}" for expression in expressions), ""])


def _front(front: Front) -> str:
    language, _, region = front.language.partition("-")
    facts = "".join(f"({literal(label)}, {literal(value)}), " for label, value in front.facts)
    author = next((value for label, value in front.facts if label.lower() in _AUTHORS), "")
    values = {
        "title": literal(front.title or "Report"),
        "subtitle": literal(front.subtitle),
        "author": literal(author),
        "language": literal(language.lower()),
        "region": literal(region.upper()) if len(region) == 2 else "none",
        "facts": f"({facts})",
        "notice": _notice(front),
    }
    return ", ".join(f"{key}: {value}" for key, value in values.items())


_AUTHORS = ("author", "authors", "by", "prepared by", "made by")


def _notice(front: Front) -> str:
    if front.notice is None:
        return "none"
    notice = front.notice
    words, address = notice.link or ("", "")
    link = "none"
    if address.startswith(("http://", "https://")):
        link = f"({literal(words)}, {literal(address)})"
    return f"({literal(notice.level)}, {literal(notice.heading)}, {literal(notice.text)}, {link})"
