"""All pages of a run, from one document model."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from nbformat import NotebookNode

from lastmile.errors.steps import naming
from lastmile.reporting.rendering.document import document_of
from lastmile.reporting.rendering.front import Front
from lastmile.reporting.rendering.html import page_of
from lastmile.reporting.rendering.pdf import pdf_of


def render(notebook: NotebookNode, front: Front, formats: Collection[str]) -> dict[str, bytes]:
    """The pages of an executed notebook by format: of "html" and "pdf" those that `formats` names.

    Each is what :func:`render_html` and :func:`render_pdf` make. The PDF's compiler works beside
    the making of the HTML page: it does not hold the interpreter.
    """
    with naming("while the pages were made"):
        front = front.cleaned()
        document = document_of(notebook, title=front.title, code=front.code)
    pages: dict[str, bytes] = {}
    with ThreadPoolExecutor(1, "lastmile-pdf") as thread:
        pdf = thread.submit(pdf_of, document, front) if "pdf" in formats else None
        if "html" in formats:
            with naming("while the HTML page was made"):
                pages["html"] = page_of(document, front).encode()
        if pdf:
            with naming("while the PDF was made"):
                pages["pdf"] = pdf.result()
    return pages
