"""A fault of ours in the midst of a page says where it came, and a broken compiler ends no run."""

from pathlib import Path

import pytest
import typst
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lastmile.errors.steps import steps_of
from lastmile.reporting.rendering import Front, render, render_pdf
from lastmile.reporting.rendering import document as rendering_document
from lastmile.reporting.rendering import pages as rendering_pages

SHOWN = new_output("display_data", data={"text/plain": "zebra"})
NOTEBOOK = new_notebook(cells=[new_markdown_cell("# A"), new_code_cell("1", outputs=[SHOWN])])


class PanicException(BaseException):
    """What Python gets of a panic in Rust: it is no `Exception`."""


def fault(*_args, **_options):
    raise KeyError("nobody foresaw this")


@pytest.mark.parametrize(
    ("where", "name", "steps"),
    [
        (rendering_document, "output_blocks", "in cell 2, while the pages were made"),
        (rendering_document, "markdown_blocks", "in cell 1, while the pages were made"),
        (rendering_pages, "page_of", "while the HTML page was made"),
        (rendering_pages, "pdf_of", "while the PDF was made"),
    ],
    ids=["an output", "a text", "the page", "the PDF"],
)
def test_a_fault_says_what_was_being_done_and_with_which_cell(monkeypatch, where, name, steps):
    monkeypatch.setattr(where, name, fault)
    with pytest.raises(KeyError) as told:
        render(NOTEBOOK, Front(title="T"), ("html", "pdf"))

    assert steps_of(told.value) == steps


def test_what_the_compiler_breaks_on_is_printed_in_other_words(monkeypatch):
    compile_, programs = typst.compile, []

    def breaks_on_words(path, **options):
        programs.append(Path(path).read_text(encoding="utf-8"))
        if "zebra" in programs[-1]:
            raise PanicException("index out of bounds")
        return compile_(path, **options)

    monkeypatch.setattr(typst, "compile", breaks_on_words)
    pdf = render_pdf(NOTEBOOK, Front(title="T"))

    assert pdf.startswith(b"%PDF")
    assert "cannot be printed" in programs[-1]


def test_an_interrupt_of_the_compiler_is_one(monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(typst, "compile", interrupted)
    with pytest.raises(KeyboardInterrupt):
        render_pdf(NOTEBOOK, Front(title="T"))
