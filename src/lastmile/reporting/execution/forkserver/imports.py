"""Which modules a server imports before it forks: those that its notebooks will ask for anyway.

They are read with `ast` from the code, never by running it. Modules of the workspace itself are
looked through, not imported: a server lives longer than an edit of them.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

SAFE = frozenset(
    [
        "altair",
        "bs4",
        "dateutil",
        "jinja2",
        "lxml",
        "matplotlib",
        "networkx",
        "numpy",
        "openpyxl",
        "pandas",
        "patsy",
        "PIL",
        "plotly",
        "pyarrow",
        "pydantic",
        "requests",
        "rich",
        "scipy",
        "seaborn",
        "skimage",
        "sklearn",
        "sqlalchemy",
        "statsmodels",
        "sympy",
        "tabulate",
        "tqdm",
        "vega_datasets",
        "xarray",
        "yaml",
    ]
)
"""Packages known to be importable without effect: no thread, no connection, no file written."""

_MAGIC = re.compile(r"^\s*[%!?].*$", re.MULTILINE)


def imports_of(
    notebooks: Iterable[Any], *, module_paths: Sequence[Path] = (), also: Iterable[str] = ()
) -> tuple[str, ...]:
    """The safe modules that the code cells of `notebooks` import at their top level, sorted.

    `module_paths` are folders of the workspace's modules, whose own imports count as well; `also`
    names further packages to be taken for safe.
    """
    safe = SAFE | {name.partition(".")[0] for name in also}
    found: set[str] = set(also)
    seen: set[str] = set()
    waiting = [
        name
        for notebook in notebooks
        for cell in notebook.cells
        if cell.cell_type == "code"
        for name in _imported(_MAGIC.sub("", cell.source))
    ]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name.partition(".")[0] in safe:
            found.add(name)
            continue
        for text in _own(name, module_paths):
            waiting += _imported(text)
    return tuple(sorted(found))


def _imported(source: str) -> Iterator[str]:
    """Modules that top-level statements of `source` import; nothing where it is not Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return
    for statement in body:
        match statement:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names if alias.name != "*")


def _own(name: str, folders: Sequence[Path]) -> Iterator[str]:
    """The sources of a workspace's module and of the packages around it."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return
    for folder in folders:
        for depth in range(1, len(parts) + 1):
            place = folder.joinpath(*parts[:depth])
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if file.is_file():
                    yield file.read_text(encoding="utf-8", errors="replace")
