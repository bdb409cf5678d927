"""The notebook of a report, as it stood when it was read."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lastmile.errors import BadDefinition, NotANotebook, NotebookMissing

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True, slots=True)
class Source:
    """A notebook's bytes, parsed once. `notebook` is a fresh copy at each call."""

    path: Path
    shown: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The hash of the file's bytes, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    def notebook(self) -> "NotebookNode":
        """The notebook in nbformat 4.5.

        Raises:
            NotANotebook: the file is something else, or damaged.
        """
        import nbformat

        notebook: NotebookNode
        try:
            data = json.loads(self.content)
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise NotANotebook(self.shown, f"it is not JSON ({error})") from error
        if not isinstance(data, dict) or not {"cells", "nbformat"} <= data.keys():
            raise NotANotebook(self.shown, "it has no list of cells")
        try:
            notebook = nbformat.reads(self.content.decode(), as_version=4)
            _, notebook = nbformat.validator.normalize(notebook)
            nbformat.validate(notebook)
        except (nbformat.ValidationError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise NotANotebook(self.shown, str(error).splitlines()[0]) from error
        return notebook


def read_source(path: Path, *, shown: str, where: str = "") -> Source:
    """The notebook file at `path`.

    Raises:
        NotebookMissing: there is no such file.
    """
    if not path.is_file():
        nearby = [str(Path(shown).parent / file.name) for file in path.parent.glob("*.ipynb")]
        raise NotebookMissing(shown, where=where, known=nearby)
    try:
        return Source(path, shown, path.read_bytes())
    except OSError as error:
        raise BadDefinition(f"{shown} cannot be read: {error.strerror}", where=where) from error


def parameters_cell(notebook: "NotebookNode") -> str | None:
    """The source of the first code cell tagged `parameters`, if there is one."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            return str(cell.source)
    return None
