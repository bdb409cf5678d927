"""A report as one HTML file that needs nothing else: no network, no fonts, no library.

Its content security policy forbids everything but its own style, its own few lines of script
(by their hashes, CSP level 2) and pictures that are part of the file.
"""

import base64
import hashlib
import re
from functools import cache, lru_cache
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from nbformat import NotebookNode

from lastmile.reporting.rendering.blocks import (
    TROUBLE,
    Break,
    Cell,
    Content,
    Document,
    Figure,
    Formula,
    Heading,
    Inline,
    Link,
    Mark,
    Step,
    Text,
    plain,
)
from lastmile.reporting.rendering.document import document_of
from lastmile.reporting.rendering.front import Front
from lastmile.reporting.rendering.maths import mathml_text
from lastmile.reporting.rendering.pictures import MIME_OF

TEMPLATES = Path(__file__).parent / "templates"
_MARKUP: dict[Mark, str] = {"code": "code", "sub": "sub", "sup": "sup", "strike": "s", "em": "em",
                            "strong": "strong"}  # fmt: skip
_LONG_FIELD = 40
_LONGEST_SOURCE = 100_000


def render_html(notebook: NotebookNode, front: Front) -> str:
    """The HTML page of an executed notebook.

    `notebook` is nbformat 4 with its outputs; nothing in it is trusted, and nothing is executed.
    """
    front = front.cleaned()
    return page_of(document_of(notebook, title=front.title, code=front.code), front)


def page_of(document: Document, front: Front) -> str:
    """The HTML page of a document model."""
    css, script = _asset("page.css"), ""
    if any(isinstance(block, Step) and block.source for block in document.blocks):
        script = _asset("page.js")
    return _page_template().render(
        document=document,
        front=front,
        link=_notice_link(front),
        contents=_contents(document),
        shown=front.code == "shown",
        policy=_policy(css, script),
        css=Markup(css),  # noqa: S704 -- a file of ours
        script=Markup(script),  # noqa: S704 -- a file of ours
    )


def _contents(document: Document) -> list[Heading]:
    headings = [heading for heading in document.headings if heading.level <= 2]
    return headings if len(headings) > 1 else []


def _notice_link(front: Front) -> tuple[str, str] | None:
    """The notice's link, unless its address is a program."""
    link = front.notice.link if front.notice else None
    if link is None or re.match(r"\s*(?!https?:)[a-z][a-z0-9+.-]*:", link[1], re.IGNORECASE):
        return None
    return link


def _policy(css: str, script: str) -> str:
    scripts = f"'{_digest(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src '{_digest(css)}'; "
        f"script-src {scripts}; base-uri 'none'; form-action 'none'"
    )


@cache
def _asset(name: str) -> str:
    """A style or script file without its indentation."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


@cache
def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _page_template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["trouble"] = TROUBLE
    environment.filters.update(
        kind=lambda value: type(value).__name__,
        plain=plain,
        words=_words,
        field=_field,
        formula=_formula,
        highlighted=lambda code: _highlighted(code.text, code.language),
        address=_address,
    )
    return environment.get_template("page.html")


def _words(content: Content) -> Markup:
    """Words within a line; every text is escaped on its way."""
    return Markup("".join(map(_inline, content)))  # noqa: S704 -- escaped below


def _inline(part: Inline) -> str:
    match part:
        case Text(text, marks):
            words = escape(text)
            for mark, tag in _MARKUP.items():
                if mark in marks:
                    words = f"<{tag}>{words}</{tag}>"
            return words
        case Link(href, content):
            return f'<a href="{escape(href)}">{_words(content)}</a>'
        case Formula(tex):
            return _formula(tex, display=False)
        case Break():
            return "<br>"


def _field(cell: Cell, scope: str) -> Markup:
    """One field of a table, with what it heads (WAI: a `scope`) and how it stands."""
    tag, options = "td", ""
    if cell.header and cell.content:
        tag, options = "th", f' scope="{scope}{"group" if cell.columns > 1 else ""}"'
    words = _words(cell.content)
    looks = cell.align if cell.align != "left" else "long" if len(words) > _LONG_FIELD else ""
    options += f' class="{looks}"' if looks else ""
    options += f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    options += f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    return Markup(f"<{tag}{options}>{words}</{tag}>")  # noqa: S704 -- escaped above


def _formula(tex: str, display: bool) -> Markup:
    markup = mathml_text(tex, display=display)
    if markup is None:
        return Markup("<code>{}</code>").format(tex)
    return Markup(markup)  # noqa: S704 -- rebuilt from checked elements


@lru_cache(maxsize=256)
def _highlighted(text: str, language: str) -> Markup:
    """The program text with Pygments' short class names; plain where the language is unknown."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if not language or len(text) > _LONGEST_SOURCE:
        return Markup(escape(text))  # noqa: S704 -- escaped
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return Markup(escape(text))  # noqa: S704 -- escaped
    marked = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return Markup(marked.rstrip("\n"))  # noqa: S704 -- Pygments escapes what it marks


def _address(figure: Figure) -> str:
    return f"data:{MIME_OF[figure.kind]};base64,{base64.b64encode(figure.data).decode()}"
