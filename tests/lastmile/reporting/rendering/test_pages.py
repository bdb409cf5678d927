"""All pages of a run are made from one document model, side by side."""

import pytest

from lastmile.reporting.rendering import render, render_html


@pytest.mark.parametrize(
    "formats", [("html",), ("pdf",), ("html", "pdf")], ids=["html", "pdf", "both"]
)
def test_each_format_asked_for_is_made_and_no_other(build, front, formats):
    pages = render(build.report(), front, formats)

    assert pages.keys() == set(formats)
    if "html" in pages:
        assert pages["html"].decode() == render_html(build.report(), front)
    if "pdf" in pages:
        assert pages["pdf"].startswith(b"%PDF")
