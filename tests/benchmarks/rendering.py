"""Rendering side by side with nbconvert's own page, the same notebook in the same process."""

import re

from nbformat import NotebookNode, v4
from tests.benchmarks.timing import alternate

INSTEAD = "nbconvert's HTMLExporter (lab)"


def rows() -> list[tuple[str, float, float, str, str]]:
    """(what, ours, theirs, unit, instead) for a report of twelve sections, both renderers warm."""
    from nbconvert.exporters import HTMLExporter

    from lastmile.reporting.rendering import Front, render_html

    notebook = report()
    theirs = HTMLExporter(template_name="lab")

    def render_ours() -> str:
        return render_html(notebook, Front(title="A report"))

    def render_theirs() -> str:
        return str(theirs.from_notebook_node(notebook)[0])

    pages = render_ours(), render_theirs()
    seconds, their_seconds = alternate(render_ours, render_theirs, rounds=9)
    size, their_size = (len(_PICTURE.sub("", page)) / 1000 for page in pages)
    return [
        ("HTML page, warm", 1000 * seconds, 1000 * their_seconds, "ms", INSTEAD),
        ("HTML page beside its pictures", size, their_size, "kB", INSTEAD),
    ]


_PICTURE = re.compile(r'src="data:[^"]*"|<svg.*?</svg>', re.DOTALL)


def report() -> NotebookNode:
    """An executed notebook: prose, formulas, frames of 60 rows, drawings, prints."""
    path = "M" + " ".join(f"{x} {(x * 37) % 200}" for x in range(400))
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="600pt" height="200pt" '
        f'viewBox="0 0 400 200"><path d="{path}" fill="none" stroke="#17608f"/></svg>'
    )
    cells = []
    for number in range(12):
        cells += [
            v4.new_markdown_cell(
                f"## Section {number}\n\nHere $\\bar x_{number} = \\frac{{1}}{{n}}\\sum x_i$, "
                "as **expected**, and [documented](https://example.org).\n\n- one\n- two"
            ),
            _code("frame.describe()", {"text/html": _frame(), "text/plain": "frame"}),
            _code("plot(frame)", {"image/svg+xml": svg, "text/plain": "<Figure>"}),
            v4.new_code_cell(
                "print(frame)", outputs=[v4.new_output("stream", name="stdout", text="ok\n" * 20)]
            ),
        ]
    return v4.new_notebook(cells=cells)


def _code(source: str, data: dict[str, str]) -> NotebookNode:
    return v4.new_code_cell(source, outputs=[v4.new_output("display_data", data=data)])


def _frame() -> str:
    head = "".join(f"<th>column {number}</th>" for number in range(6))
    body = "".join(
        f"<tr><th>{row}</th>" + "".join(f"<td>{row * 1.25:.2f}</td>" for _ in range(6)) + "</tr>"
        for row in range(12)
    )
    return f'<table class="dataframe"><thead><tr><th></th>{head}</tr></thead>{body}</table>'
