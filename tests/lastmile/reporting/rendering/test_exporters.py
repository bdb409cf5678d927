import io

import nbformat
import pytest
from nbconvert.exporters import get_exporter
from pypdf import PdfReader

from lastmile.reporting.rendering.exporters import (
    LastmileHTMLExporter,
    LastmilePDFExporter,
    front_of,
)


@pytest.fixture
def file(build, tmp_path):
    path = tmp_path / "wet_days.ipynb"
    nbformat.write(build.report(), path)
    return path


def test_nbconvert_knows_both_by_name():
    assert get_exporter("lastmile-html") is LastmileHTMLExporter
    assert get_exporter("lastmile-pdf") is LastmilePDFExporter


def test_a_file_becomes_a_page(file):
    body, resources = LastmileHTMLExporter().from_filename(str(file))
    assert "<title>The month</title>" in body
    assert resources["output_extension"] == ".html"


def test_a_file_becomes_a_pdf(file):
    body, resources = LastmilePDFExporter().from_filename(str(file))
    assert PdfReader(io.BytesIO(body)).metadata.title == "The month"
    assert resources["output_extension"] == ".pdf"


@pytest.mark.parametrize(
    ("text", "metadata", "want"),
    [
        pytest.param("# First", {"title": "Said"}, "Said", id="the metadata first"),
        pytest.param("words\n\n## First", {}, "First", id="then the first heading"),
        pytest.param("words", {}, "wet days", id="then the file's name"),
    ],
)
def test_the_title(build, text, metadata, want):
    notebook = build.notebook(build.markdown(text), **metadata)
    assert front_of(notebook, {"metadata": {"name": "wet_days"}}).title == want


def test_authors_are_a_fact(build):
    notebook = build.notebook(authors=[{"name": "Ada"}, {"name": "Grace"}])
    assert front_of(notebook, {}).facts == (("Author", "Ada, Grace"),)
