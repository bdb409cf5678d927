"""The renderers as nbconvert exporters: `jupyter nbconvert --to lastmile-html NOTEBOOK.ipynb`."""

from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode

from lastmile.reporting.rendering.document import first_heading
from lastmile.reporting.rendering.front import Front
from lastmile.reporting.rendering.html import render_html
from lastmile.reporting.rendering.pdf import render_pdf

Resources = dict[str, Any]


def front_of(notebook: NotebookNode, resources: Resources) -> Front:
    """A title block for a notebook alone: its metadata's title, or first heading, or file name."""
    title = notebook.metadata.get("title") or first_heading(notebook)
    name = str(resources.get("metadata", {}).get("name", "")).replace("_", " ").replace("-", " ")
    authors = notebook.metadata.get("authors") or ()
    names = ", ".join(str(author["name"]) for author in authors if "name" in author)
    return Front(title=str(title or name or "Report"), facts=(("Author", names),) if names else ())


class LastmileHTMLExporter(Exporter):
    """One HTML file that opens offline."""

    export_from_notebook = "lastmile HTML"
    output_mimetype = "text/html"

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: Resources | None = None, **kw: Any
    ) -> tuple[Any, Resources]:
        """The page, and nbconvert's resources."""
        nb, found = super().from_notebook_node(nb, resources, **kw)
        return render_html(nb, front_of(nb, found)), found


class LastmilePDFExporter(Exporter):
    """A tagged PDF, made without a browser and without LaTeX."""

    export_from_notebook = "lastmile PDF"
    output_mimetype = "application/pdf"

    def _file_extension_default(self) -> str:
        return ".pdf"

    def from_notebook_node(
        self, nb: NotebookNode, resources: Resources | None = None, **kw: Any
    ) -> tuple[Any, Resources]:
        """The file's bytes, and nbconvert's resources."""
        nb, found = super().from_notebook_node(nb, resources, **kw)
        found["output_extension"] = ".pdf"
        return render_pdf(nb, front_of(nb, found)), found
