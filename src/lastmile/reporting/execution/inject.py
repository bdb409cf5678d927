"""Values become code: the `injected-parameters` cell, as papermill's convention has it.

Only `repr` of plain types is written, so a text can never become anything but a text; around it
stands what the notebook's own default was made with, such as `pd.Timestamp(...)`. papermill's
own translator is not used for Python because it turns dates into texts; for every other language it
is. A secret is written as a look-up in the kernel's environment.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from lastmile.reporting.foreign import translate
from lastmile.reporting.parameters import read_parameters
from lastmile.reporting.plan import Report
from lastmile.reporting.secrets import SecretRef
from lastmile.reporting.source import language_of
from lastmile.reporting.written import NoLiteral, read_literal
from lastmile.values import Built, plain

TAG = "injected-parameters"
_JSON = (bool, int, float, str, type(None))


def inject(notebook: Any, values: Mapping[str, Any], report: Report | None = None) -> None:
    """Put a cell that sets `values` behind the `parameters` cell, or in place of an earlier one.

    `report` says in which language; by default in Python.

    Raises:
        NoTranslation: a value cannot be written in the language of `report`.
    """
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
    cell = new_code_cell(_source(values, report), metadata={"tags": [TAG]})
    notebook.cells = [*cells[:at], cell, *cells[at:]] if values else cells
    papermill = notebook.metadata.setdefault("papermill", {})
    papermill["parameters"] = {name: plain(value) for name, value in values.items()}


def keep_types(notebook: Any) -> None:
    """Write papermill's own injected cell again where papermill made texts of values.

    It does so of tuples, sets and moments; of the last two it could not save the notebook either.
    """
    papermill = notebook.metadata.get("papermill", {})
    cell = next((cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])), None)
    if cell is None or language_of(notebook) != "python":
        return
    try:
        written = {parameter.name: parameter.default for parameter in read_parameters(cell.source)}
    except SyntaxError:  # the kernel tells it
        return
    told = papermill.get("parameters", {})
    values = {name: _meant(written.get(name), value) for name, value in told.items()}
    if not _is_json(values):
        cell.source = code_of(values)
        papermill["parameters"] = plain(values)


def _meant(written: Any, told: Any) -> Any:
    """A value of the metadata, where a tuple has become a list; it is written as a text of one."""
    if isinstance(told, list) and isinstance(written, str):
        with suppress(NoLiteral):
            value = read_literal(written)
            return value if isinstance(value, tuple) and list(value) == told else told
    if isinstance(told, list) and isinstance(written, list):
        return [_meant(part, value) for part, value in zip(written, told, strict=False)]
    if isinstance(told, dict) and isinstance(written, dict):
        return {name: _meant(written.get(name), value) for name, value in told.items()}
    return told


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    return all(map(_is_json, value)) if type(value) is list else type(value) in _JSON


def _source(values: Mapping[str, Any], report: Report | None) -> str:
    if report is None or report.language == "python":
        return code_of(values)
    return translate(values, report.kernel, report.language, notebook=report.source.shown)


def code_of(values: Mapping[str, Any]) -> str:
    """Python source that assigns `values` by name."""
    body = [f"{name} = {_expression(value)}" for name, value in values.items()]
    text = "\n".join(body)
    modules = ("datetime", "decimal", "os", "pathlib", "uuid")
    # Under names of our own: a notebook may have said `from datetime import datetime`.
    imports = [f"import {module} as _{module}" for module in modules if f"_{module}." in text]
    return "\n".join(["# Parameters", *imports, *body]) + "\n"


def _expression(value: Any) -> str:
    match value:
        case SecretRef():
            return f"_os.environ[{value.variable!r}]"
        case Enum():
            return f"{type(value).__name__}({_expression(value.value)})"
        case Built():
            return value.code.replace("{}", _expression(value.argument), 1)
        case list() | tuple() | set() | frozenset():
            return _several(value)
        case dict():
            pairs = (f"{_expression(k)}: {_expression(v)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
    return _scalar(value)


def _several(value: Any) -> str:
    """A list, tuple or set; an empty set and a tuple of one have a form of their own."""
    parts = ", ".join(
        map(_expression, value)
        if isinstance(value, list | tuple)
        else sorted(map(_expression, value))
    )
    match value:
        case list():
            return f"[{parts}]"
        case tuple():
            return f"({parts},)" if len(value) == 1 else f"({parts})"
        case frozenset():
            return f"frozenset({{{parts}}})" if value else "frozenset()"
    return f"{{{parts}}}" if value else "set()"


def _scalar(value: Any) -> str:  # noqa: PLR0911 - a table
    match value:
        case float() if not math.isfinite(value):
            return f"float({str(value)!r})"
        case datetime() | time():
            return _with_zone(value)
        case date() | timedelta():
            return f"_{value!r}"
        case bool() | int() | float() | str() | None:
            return repr(value)
        case Path():
            return f"_pathlib.Path({str(value)!r})"
        case Decimal():
            return f"_decimal.Decimal({str(value)!r})"
        case UUID():
            return f"_uuid.UUID({str(value)!r})"
    raise TypeError(f"a parameter cannot be a {type(value).__name__}")


def _with_zone(value: datetime | time) -> str:
    """With its zone as an offset: zones of other libraries have no `repr` that could be run."""
    offset = value.utcoffset()
    if offset is None:
        return f"_{value.replace(tzinfo=None)!r}"
    zone = f"_datetime.timezone(_{offset!r})" if offset else "_datetime.timezone.utc"
    return f"_{value.replace(tzinfo=None)!r}.replace(tzinfo={zone})"
