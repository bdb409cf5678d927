"""Notebooks that look like executed ones, made cell by cell."""

import base64
import io
import struct
import zlib

import pytest
from nbformat import v4

from lastmile.reporting.rendering.front import Front

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="288pt" height="144pt" viewBox="0 0 288 144">'
    '<rect width="288" height="144" fill="#fff"/><path d="M10 130 L140 20 L278 90" '
    'stroke="#17608f" fill="none" stroke-width="3"/></svg>'
)


def png(width=4, height=2):
    """The bytes of a small grey PNG."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def stream(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def shown(metadata=None, **forms):
    """A display output; `text_html=...` becomes the MIME type `text/html`."""
    names = {"svg": "image/svg+xml", "png": "image/png", "js": "application/javascript"}
    data = {names.get(name, name.replace("_", "/", 1)): value for name, value in forms.items()}
    return v4.new_output("display_data", data=data, metadata=metadata or {})


def error(name="ValueError", value="no", trace=("\x1b[0;31mValueError\x1b[0m: no",)):
    return v4.new_output("error", ename=name, evalue=value, traceback=list(trace))


def markdown(text, **parts):
    return v4.new_markdown_cell(text, **parts)


def code(source="1 + 1", *outputs, tags=(), state=None, note=""):
    metadata = {"tags": list(tags)}
    if state:
        metadata["lastmile"] = {"state": state, "note": note}
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def notebook(*cells, **metadata):
    return v4.new_notebook(cells=list(cells), metadata=metadata)


class Build:
    """The functions above, as one fixture."""

    SVG = SVG
    png = staticmethod(png)
    stream = staticmethod(stream)
    shown = staticmethod(shown)
    error = staticmethod(error)
    markdown = staticmethod(markdown)
    code = staticmethod(code)
    notebook = staticmethod(notebook)

    @staticmethod
    def png64():
        return base64.b64encode(png()).decode()

    @staticmethod
    def frame(rows=3, columns=3):
        """The HTML that pandas writes for a frame."""
        names = [f"c{column}" for column in range(columns)]
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(
            f"<tr><th>{row}</th>" + "".join(f"<td>{row * 1.5:.2f}</td>" for _ in names) + "</tr>"
            for row in range(rows)
        )
        return (
            '<div><style scoped>.dataframe {}</style><table border="1" class="dataframe"><thead>'
            f'<tr style="text-align: right;"><th></th>{head}</tr></thead><tbody>{body}</tbody>'
            f"</table><p>{rows} rows \u00d7 {columns} columns</p></div>"
        )

    @classmethod
    def report(cls):
        """A whole report: prose, formulas, a table, pictures, prints, and a hidden cell."""
        return notebook(
            markdown("# The month\n\nIt *rained* on **7 days**; see [NOAA](https://noaa.gov)."),
            code("month = 5", tags=["parameters"]),
            markdown("## At a glance\n\nHere $a_d = t_d - \\bar t$ holds.\n\n$$\\frac{1}{n}$$"),
            code("frame", shown(text_html=cls.frame(), text_plain="...")),
            markdown("### Rain\n\n- one\n- two\n\n| a | b |\n|--|--|\n| x | 1.5 |"),
            code(
                "plot()",
                shown(
                    {"image/svg+xml": {"alt": "Rain by day", "caption": "Seven wet days"}},
                    svg=SVG,
                    text_plain="<Figure>",
                ),
                shown(png=cls.png64()),
            ),
            markdown("## Words"),
            code("print('done')", stream("all is done\n")),
        )


@pytest.fixture(scope="session")
def build():
    return Build


@pytest.fixture
def front():
    return Front(title="The month", subtitle="against others", facts=(("Month", "2015-05"),))


def pdf_text(data):
    """All words of a PDF."""
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


@pytest.fixture
def words_of_pdf():
    return pdf_text
