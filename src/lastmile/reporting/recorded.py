"""The values that an executed notebook recorded, read out of its outputs.

Ours, as `lastmile.record` writes them, and those of scrapbook (`application/scrapbook.scrap.*+json`
with the encoders `json` and `text`) and of papermill before version 1
(`application/papermill.record+json`). Outputs are not trusted: what does not keep to the rules of
`lastmile.record` is passed over.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lastmile.recording import MIME, MOST_COLUMNS, TABLE, checked_name, checked_value

MOST_VALUES = 500
_SCRAP = re.compile(r"application/scrapbook\.scrap\.(json|text)\+json")
_PAPERMILL = "application/papermill.record+json"


def recorded_values(notebook: Any) -> dict[str, Any]:
    """The values by name, in the order in which the names first came; the last value counts."""
    found: dict[str, Any] = {}
    for name, value in _pairs(notebook):
        try:
            stored = _checked(checked_name(name), value)
        except (TypeError, ValueError, KeyError):
            continue
        if name in found or len(found) < MOST_VALUES:
            found[name] = stored
    return found


def without_records(notebook: Any) -> Any:
    """The notebook as its readers see it: without the outputs that hold nothing but a record.

    The notebook itself when there are none, else a copy that shares everything else with it.
    """
    from nbformat import NotebookNode

    cells = [
        NotebookNode({**cell, "outputs": kept})
        if len(kept := [one for one in cell.get("outputs", ()) if not _only_record(one)])
        < len(cell.get("outputs", ()))
        else cell
        for cell in notebook.cells
    ]
    if all(new is old for new, old in zip(cells, notebook.cells, strict=True)):
        return notebook
    return NotebookNode({**notebook, "cells": cells})


def _only_record(output: Mapping[str, Any]) -> bool:
    data = output.get("data")
    if not isinstance(data, Mapping) or not data:
        return False
    return all(mime in (MIME, _PAPERMILL) or _SCRAP.fullmatch(mime) for mime in data)


def _pairs(notebook: Any) -> Iterator[tuple[Any, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data")
            for mime, payload in data.items() if isinstance(data, Mapping) else ():
                yield from _of(mime, payload)


def _of(mime: str, payload: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(payload, Mapping):
        return
    if mime == MIME:
        yield payload.get("name"), payload.get("value")
    elif _SCRAP.fullmatch(mime):
        yield payload.get("name"), payload.get("data")
    elif mime == _PAPERMILL:
        yield from payload.items()


def _checked(name: str, value: Any) -> Any:
    if not (isinstance(value, Mapping) and value.keys() == {TABLE}):
        return checked_value(name, value)
    table = value[TABLE]
    columns, index, names, rows = (
        table[key] for key in ("columns", "index", "index_names", "rows")
    )
    lists = [columns, index, names, rows, *rows]
    if not all(isinstance(part, list) for part in lists) or len(columns) > MOST_COLUMNS:
        raise ValueError("not a table")
    if len(index) != len(rows) or any(len(row) != len(columns) for row in rows):
        raise ValueError("not a table")
    return {TABLE: checked_value(name, dict(table))}
