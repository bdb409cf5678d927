"""The notebook of a report, as it stood when it was read.

A notebook is an `.ipynb` file, or a text that people can review line by line: `.py` with `# %%`
between the cells, or `.md` with its code in fences. Texts are read by jupytext.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lastmile.errors import BadDefinition, NotANotebook, NotebookMissing

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEXT_FORMATS = {".py": "py:percent", ".md": "md"}
"""Suffixes of notebooks that are texts, with jupytext's names of their formats."""

SUFFIXES = (".ipynb", *TEXT_FORMATS)
"""What a notebook's file name may end with."""


_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


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
        if self.path.suffix in TEXT_FORMATS:
            return _from_text(self.content, TEXT_FORMATS[self.path.suffix], self.shown)
        return _from_json(self.content, self.shown)


def _from_json(content: bytes, shown: str) -> "NotebookNode":
    import nbformat

    notebook: NotebookNode
    try:
        data = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NotANotebook(shown, f"it is not JSON ({error})") from error
    if not isinstance(data, dict) or not _is_like_notebook(data):
        raise NotANotebook(shown, "it has no list of cells")
    try:
        read = nbformat.convert(nbformat.reader.reads(content.decode()), 4)
        _make_current(read, names=data["nbformat"] == 4)
        notebook = nbformat.from_dict(read)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            cell.source.encode()  # half a character can be written in JSON, and sent nowhere
    except (nbformat.ValidationError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise NotANotebook(shown, str(error).splitlines()[0]) from error
    return notebook


def _is_like_notebook(data: dict[str, Any]) -> bool:
    return "nbformat" in data and bool({"cells", "worksheets"} & data.keys())


def _make_current(notebook: dict[str, Any], *, names: bool) -> None:
    """What older programs left out or wrote otherwise, and Jupyter opens without a word.

    Identifiers of cells are kept where `names` says that the file may have any. Outputs go: they
    are those of another run.
    """
    notebook["nbformat_minor"] = 5
    metadata = notebook["metadata"]
    for key in ("kernelspec", "language_info"):
        named = metadata.get(key)
        if not isinstance(named, dict) or not isinstance(named.get("name"), str):
            metadata.pop(key, None)
    if "kernelspec" in metadata:
        metadata["kernelspec"].setdefault("display_name", metadata["kernelspec"]["name"])
    known: set[str] = set()
    for number, cell in enumerate(notebook["cells"], start=1):
        name = cell.get("id")
        if not names or not isinstance(name, str) or not _ID.fullmatch(name) or name in known:
            name = f"cell-{number}"  # not drawn by lot: runs should be comparable
            while name in known:
                name += "-"
        cell["id"] = name
        known.add(name)
        for left in ("outputs", "execution_count"):
            cell.pop(left, None)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


def _from_text(content: bytes, text_format: str, shown: str) -> "NotebookNode":
    import jupytext
    import nbformat
    from yaml import YAMLError

    notebook: NotebookNode
    try:
        text = content.decode("utf-8-sig")
        notebook = jupytext.reads(text, fmt=text_format)
        for number, cell in enumerate(notebook.cells, start=1):
            cell["id"] = f"cell-{number}"  # jupytext draws lots, and runs should be comparable
        nbformat.validate(notebook)
    except UnicodeDecodeError as error:
        raise NotANotebook(shown, f"it is not text in UTF-8 ({error.reason})") from error
    except YAMLError as error:
        reason = " ".join(str(error).split())
        raise NotANotebook(shown, f"the YAML at its beginning is broken: {reason}") from error
    except (nbformat.ValidationError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise NotANotebook(shown, (str(error) or repr(error)).splitlines()[0]) from error
    if text_format == "py:percent" and not re.search(r"^# *%%", text, re.MULTILINE):
        raise NotANotebook(shown, "it has no line `# %%`, with which every cell begins")
    return notebook


def read_source(path: Path, *, shown: str, where: str = "") -> Source:
    """The notebook file at `path`.

    Raises:
        NotebookMissing: there is no such file.
        NotANotebook: it is of a kind that holds no notebook.
        BadDefinition: it cannot be read.
    """
    if not path.is_file():
        known = [file for file in path.parent.glob("*") if file.suffix in SUFFIXES]
        nearby = [str(Path(shown).parent / file.name) for file in known]
        raise NotebookMissing(shown, where=where, known=nearby)
    if path.suffix not in SUFFIXES:
        raise NotANotebook(shown, f"its name ends with none of {', '.join(SUFFIXES)}")
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


def language_of(notebook: "NotebookNode", kernel: str = "") -> str:
    """The language of a notebook's cells, or of `kernel` where that is another and installed.

    Asks the notebook first, then what is installed; a notebook that says nothing is `python`.
    """
    metadata = notebook.metadata
    spec = metadata.get("kernelspec", {})
    other = kernel if kernel != spec.get("name") else ""
    said = (
        _language_of_kernel(other)
        or spec.get("language")
        or metadata.get("language_info", {}).get("name")
        or metadata.get("jupytext", {}).get("main_language")
        or _language_of_kernel(spec.get("name", ""))
    )
    language = str(said or "python")
    return "python" if language.lower() in ("python", "python3", "ipython") else language


def kernel_of(notebook: "NotebookNode", kernel: str = "") -> str:
    """The name of the kernel that runs a notebook: `kernel`, else what the notebook says.

    A notebook that names none gets the kernel that is called like its language.
    """
    said = kernel or notebook.metadata.get("kernelspec", {}).get("name")
    language = language_of(notebook)
    return str(said or ("python3" if language == "python" else language))


def _language_of_kernel(name: str) -> str:
    if not name:
        return ""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        return str(KernelSpecManager().get_kernel_spec(name).language)
    except (NoSuchKernel, ValueError, OSError):
        return ""
