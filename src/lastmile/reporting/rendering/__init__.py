"""An executed notebook becomes a page that people read: HTML, and PDF.

In the order data passes::

    front                                               what stands above a report
    wording · terminal · pictures · markup · tables     clean pieces out of untrusted ones
    hypertext · markdown · outputs                      HTML, Markdown, cell outputs -> blocks
    blocks · document                                   the document model, one for all formats
    maths                                               LaTeX -> MathML
    html                                                document -> HTML (page.html)
    typeset_maths · typeset_tables · typeset · pdf      document -> Typst -> PDF (report.typ)
    pages                                               both, from one document model
    exporters                                           both, for `jupyter nbconvert --to`
"""

from lastmile.reporting.rendering.front import Front, Notice
from lastmile.reporting.rendering.html import render_html
from lastmile.reporting.rendering.pages import render
from lastmile.reporting.rendering.pdf import render_pdf

__all__ = ["Front", "Notice", "render", "render_html", "render_pdf"]
