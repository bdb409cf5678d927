"""An executed notebook as a :class:`Document`: what is shown, in which order, under which names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from nbformat import NotebookNode

from lastmile.errors.steps import naming
from lastmile.reporting.recorded import without_records
from lastmile.reporting.rendering.blocks import (
    Block,
    CellState,
    Code,
    Document,
    Fault,
    Figure,
    Heading,
    Step,
    plain,
)
from lastmile.reporting.rendering.front import CodeView
from lastmile.reporting.rendering.markdown import Attachments, markdown_blocks
from lastmile.reporting.rendering.outputs import output_blocks
from lastmile.reporting.rendering.wording import clean, joined, slug

_UNSHOWN = {"parameters", "injected-parameters", "remove-cell", "remove_cell",
            "papermill-error-cell-tag"}  # fmt: skip
_NO_SOURCE = {"remove-input", "hide-input", "remove_input", "hide_input"}
_NO_OUTPUT = {"remove-output", "hide-output", "remove_output", "hide_output"}
_STATES: Mapping[str, CellState] = {state: state for state in get_args(CellState)}
_BROKEN = ("failed", "stopped")
_RESERVED = ("contents", "report", "top", "all-code")


def document_of(notebook: NotebookNode, *, title: str = "", code: CodeView = "folded") -> Document:
    """The document model of an executed notebook.

    A first heading that only repeats `title` is left out. With `code` "hidden" no source is in
    the document, except that of a failed or stopped cell: there it is the explanation.
    """
    language = language_of(notebook)
    blocks: list[Block] = []
    cells = without_records(notebook).cells if notebook.get("cells") else ()
    for number, cell in enumerate(cells, start=1):
        tags = _tags(cell)
        if tags & _UNSHOWN:
            continue
        with naming(f"in cell {number}"):
            if cell.get("cell_type") == "markdown":
                blocks.extend(markdown_blocks(joined(cell.get("source")), _attachments(cell)))
            elif cell.get("cell_type") == "code":
                blocks.extend(_steps(cell, number, tags, language, code))
    return _Finish(title).document(blocks)


def first_heading(notebook: NotebookNode) -> str:
    """The words of the first Markdown heading, or nothing."""
    for cell in notebook.get("cells", ()):
        if cell.get("cell_type") == "markdown":
            for block in markdown_blocks(joined(cell.get("source")), _attachments(cell)):
                if isinstance(block, Heading):
                    return plain(block.content)
    return ""


def language_of(notebook: NotebookNode) -> str:
    """The notebook's programming language, as a name that Pygments knows; Python if unsaid."""
    metadata = notebook.get("metadata", {})
    info, kernel = metadata.get("language_info", {}), metadata.get("kernelspec", {})
    name = info.get("pygments_lexer") or info.get("name") or kernel.get("language") or "python"
    name = str(name).lower()
    return "python" if name in ("ipython", "ipython3") else name


def _tags(cell: Mapping[str, Any]) -> set[str]:
    metadata = cell.get("metadata", {})
    tags = {str(tag) for tag in metadata.get("tags") or ()}
    jupyter = metadata.get("jupyter") or {}
    if jupyter.get("source_hidden"):
        tags.add("hide-input")
    if jupyter.get("outputs_hidden"):
        tags.add("hide-output")
    return tags


def _attachments(cell: Mapping[str, Any]) -> Attachments:
    found = cell.get("attachments") or {}
    return {
        str(name): {str(mime): joined(data) for mime, data in forms.items()}
        for name, forms in found.items()
        if isinstance(forms, Mapping)
    }


def _steps(
    cell: Mapping[str, Any], number: int, tags: set[str], language: str, view: CodeView
) -> Iterator[Step]:
    told = cell.get("metadata", {}).get("lastmile") or {}
    blocks = () if tags & _NO_OUTPUT else output_blocks(cell.get("outputs") or ())
    broken = any(isinstance(block, Fault) for block in blocks)
    fallback: CellState = "completed"
    if broken and "raises-exception" not in tags:
        fallback = "failed"
    state = _STATES.get(str(told.get("state", "")), fallback)
    text = clean(joined(cell.get("source"))).strip("\n")
    hidden = state in ("completed", "degraded", "not-run") and (
        view == "hidden" or tags & _NO_SOURCE
    )
    source = None if hidden or not text.strip() else Code(text, language)
    if source or blocks or (state != "completed" and text.strip()):
        yield Step(number, state, source, blocks, clean(told.get("note", "")))


class _Finish:
    """Gives sections their levels and anchors, figures their numbers and descriptions."""

    def __init__(self, title: str) -> None:
        self._title = _folded(title)
        self._anchors = set(_RESERVED)
        self._open: list[int] = []
        self._figures = 0
        self._section = title
        self._failed = self._degraded = ""
        self._first = True

    def document(self, blocks: Sequence[Block]) -> Document:
        finished = tuple(done for block in blocks for done in self._block(block))
        return Document(finished, self._failed or self._degraded)

    def _block(self, block: Block) -> Iterator[Block]:
        match block:
            case Heading():
                yield from self._heading(block)
            case Figure():
                yield self._figure(block)
            case Step():
                inner = tuple(done for part in block.blocks for done in self._block(part))
                anchor = self._anchor(f"cell-{block.number}")
                if block.state in _BROKEN and not self._failed:
                    self._failed = anchor
                if block.state == "degraded" and not self._degraded:
                    self._degraded = anchor
                yield replace(block, blocks=inner, anchor=anchor)
            case _:
                yield block

    def _heading(self, heading: Heading) -> Iterator[Heading]:
        words = plain(heading.content)
        first, self._first = self._first, False
        if first and _folded(words) == self._title:
            return
        while self._open and self._open[-1] >= heading.level:
            self._open.pop()
        self._open.append(heading.level)
        self._section = words
        yield Heading(min(len(self._open), 5), heading.content, self._anchor(slug(words)))

    def _figure(self, figure: Figure) -> Figure:
        if figure.caption:
            self._figures += 1
        alt = figure.alt or figure.caption or f"Figure in the section “{self._section}”"
        return replace(figure, alt=alt, number=self._figures if figure.caption else 0)

    def _anchor(self, wanted: str) -> str:
        anchor, count = wanted, 1
        while anchor in self._anchors:
            count += 1
            anchor = f"{wanted}-{count}"
        self._anchors.add(anchor)
        return anchor


def _folded(words: str) -> str:
    return re.sub(r"\W+", " ", words).strip().casefold()
