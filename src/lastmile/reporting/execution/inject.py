"""Values become code: the `injected-parameters` cell, as papermill's convention has it.

Only `repr` of plain types is written, so a text can never become anything but a text. papermill's
own translator is not used for Python because it turns dates into texts.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lastmile.values import plain

TAG = "injected-parameters"


def inject(notebook: Any, values: Mapping[str, Any]) -> None:
    """Put a cell that sets `values` behind the `parameters` cell, or in place of an earlier one."""
    from nbformat.v4 import new_code_cell

    cells = [cell for cell in notebook.cells if TAG not in cell.metadata.get("tags", [])]
    at = next(
        (
            index + 1
            for index, cell in enumerate(cells)
            if "parameters" in cell.metadata.get("tags", [])
        ),
        0,
    )
    cell = new_code_cell(code_of(values), metadata={"tags": [TAG]})
    notebook.cells = [*cells[:at], cell, *cells[at:]] if values else cells
    papermill = notebook.metadata.setdefault("papermill", {})
    papermill["parameters"] = {name: plain(value) for name, value in values.items()}


def code_of(values: Mapping[str, Any]) -> str:
    """Python source that assigns `values` by name."""
    body = [f"{name} = {_expression(value)}" for name, value in values.items()]
    text = "\n".join(body)
    imports = [f"import {module}" for module in ("datetime", "pathlib") if f"{module}." in text]
    return "\n".join(["# Parameters", *imports, *body]) + "\n"


def _expression(value: Any) -> str:
    match value:
        case bool() | int() | str() | None:
            return repr(value)
        case float():
            return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
        case datetime() | date():
            return repr(value)
        case Path():
            return f"pathlib.Path({str(value)!r})"
        case list() | tuple():
            return f"[{', '.join(map(_expression, value))}]"
        case dict():
            return f"{{{', '.join(f'{k!r}: {_expression(v)}' for k, v in value.items())}}}"
    raise TypeError(f"a parameter cannot be a {type(value).__name__}")
