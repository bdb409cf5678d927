"""A notebook that means harm, or is merely broken, becomes a page and a file all the same."""

import io
import json
import re
from html.parser import HTMLParser

import pytest
from nbformat import from_dict
from pypdf import PdfReader

from lastmile.reporting.rendering.front import Front, Notice
from lastmile.reporting.rendering.html import render_html
from lastmile.reporting.rendering.pdf import render_pdf

ATTACKS = (
    "<script>alert(1)</script>",
    "</style></script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/pixel.png'>",
    "<svg onload=alert(1)><a href='javascript:alert(1)'>x</a></svg>",
    "<a href='javascript:alert(1)' onclick='alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<base href='https://evil.example/'><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action='https://evil.example'><button>x</button></form>",
    "<div style='background:url(https://evil.example/x)'>x</div>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "{{ 7 * 7 }} {% include '/etc/passwd' %}",
    "</main></body></html>",
    "<table><tr><td onmouseover=alert(1)>x",
    "<div id=report><p id=contents>x",
)
ALLOWED = re.compile(r"data:|https://good\.example|#|$")


class Audit(HTMLParser):
    """Notes everything on a page that could run or fetch."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.scripts = 0

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        if tag in ("iframe", "object", "embed", "form", "base", "svg", "video", "audio"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                self.found.append((tag, name, value))
            if name in ("src", "href", "action", "data") and not ALLOWED.match(value or ""):
                self.found.append((tag, name, value))


@pytest.fixture(scope="module")
def hostile(build):
    """Every attack in every place of a notebook."""
    everything = "\n\n".join(ATTACKS)
    svg = f"<svg width='10' height='10'><script>alert(1)</script>{build.SVG}</svg>"
    cells = [
        build.markdown(f"# {ATTACKS[0]}\n\n{everything}\n\n[good](https://good.example)"),
        build.markdown("".join(f"{'#' * (n % 6 + 1)} {a}\n\n" for n, a in enumerate(ATTACKS))),
        build.code(everything, build.stream(everything), build.stream("\x1b]8;;x\x07\x1b[3m" * 9)),
        build.code("x", *(build.shown(text_html=text) for text in ATTACKS)),
        build.code("x", *(build.shown(text_markdown=text) for text in ATTACKS)),
        build.code("x", *(build.shown(text_latex=f"$\\text{{{text}}}$") for text in ATTACKS)),
        build.code("x", build.shown({"image/svg+xml": {"alt": '"><script>'}}, svg=svg)),
        build.code("x", build.shown(application_json={"</script>": everything})),
        build.code("x", build.error(ATTACKS[0], ATTACKS[1], [*ATTACKS]), state="failed",
                   note=ATTACKS[2]),
        build.code("x" * 100_000, build.stream("y" * 1_000_000), build.stream("z\n" * 300_000)),
        build.code("\ud800 \x00 \u202e", build.stream("\udfff\x07\x00"), build.error("\ud800")),
        build.code("x", build.shown(text_html=build.frame(3, 100))),
        build.code("x", build.shown(text_html="<table><tr><td rowspan=9999 colspan=9999>x")),
        build.code("x", build.shown(text_html="<ul><li>" * 3_000)),
        build.code("x", build.shown(text_html="<b>" * 9_000)),
        build.markdown("> " * 500 + "deep\n\n" + "- " * 300 + "deep\n\n" + "[" * 5_000),
        build.markdown("$$" + "{" * 2_000 + "$$\n\n$" + r"\frac{" * 200 + "$"),
        build.code("x", build.shown(png="bm90IGEgcGljdHVyZQ=="), build.shown(png="\ud800")),
    ]  # fmt: skip
    metadata = {"language_info": {"name": '"><script>'}}
    return build.notebook(*cells, **metadata)


@pytest.fixture(scope="module")
def hostile_front():
    text = ATTACKS[1] + "\ud800\x00"
    notice = Notice(level="info", heading=text, text=text, link=(text, "javascript:alert(1)"))
    return Front(title=text, subtitle=text, facts=((text, text),), notice=notice, code="shown")


def test_the_page_holds_nothing_that_runs_or_fetches(hostile, hostile_front):
    page = render_html(hostile, hostile_front)
    page.encode("utf-8")
    audit = Audit()
    audit.feed(page)
    assert audit.found == []
    assert audit.scripts == 1
    assert page.count("<main") == page.count("</main>") == 1
    assert "49" not in re.findall(r"<p>(\d+) ", page)
    assert "root:" not in page


def test_the_page_stays_readable_in_size(hostile, hostile_front):
    assert len(render_html(hostile, hostile_front)) < 2_000_000


def test_the_file_is_made(hostile, hostile_front):
    document = PdfReader(io.BytesIO(render_pdf(hostile, hostile_front)))
    words = "".join(page.extract_text() for page in document.pages)
    assert "Cell 9 failed" in words
    assert "columns 1" in words


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [{"cell_type": "code", "source": "x", "metadata": {}}],
        [{"cell_type": "code", "source": ["a\n", "b"], "metadata": {}, "outputs": []}],
        [{"cell_type": "markdown", "source": "", "metadata": {"tags": None}}],
        [{"cell_type": "raw", "source": "<script>", "metadata": {}}],
        [{"cell_type": "code", "source": "x", "metadata": {"lastmile": {"state": 7}}}],
        [{"cell_type": "markdown", "source": "![a](attachment:b)", "attachments": {"b": 3},
          "metadata": {}}],
    ],
    ids=json.dumps,
)  # fmt: skip
def test_odd_notebooks_are_pages(cells):
    notebook = from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    assert "<script" not in render_html(notebook, Front(title="a", code="hidden"))
    assert render_pdf(notebook, Front(title="a")).startswith(b"%PDF")
