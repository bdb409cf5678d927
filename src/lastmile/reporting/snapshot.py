"""The folder `source` of a publication: what its run can be repeated from."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any

from lastmile.reporting.definition import ReportFile

FOLDER = "source"
DEFINITION = f"{FOLDER}/definition.toml"
CHANGES = f"{FOLDER}/changes.diff"
FAULT = f"{FOLDER}/fault.txt"
"""The traceback of an error of ours that stopped the run."""


def notebook_name(notebook: PurePath) -> str:
    """The name under which a notebook is kept as it was before the run."""
    return f"{FOLDER}/notebook{notebook.suffix}"


def definition_text(file: ReportFile) -> str:
    """A definition as TOML that reads as the same definition; what has its default is left out."""
    fields = file.model_dump(exclude_defaults=True)
    rules: Mapping[str, Mapping[str, Any]] = fields.pop("parameters", {})
    lines = [f"{key} = {_toml(value)}" for key, value in fields.items() if value is not None]
    for name, rule in rules.items():
        lines += ["", f"[parameters.{_quoted(name)}]"]
        lines += [f"{key} = {_toml(value)}" for key, value in rule.items() if value is not None]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(_toml(part) for part in value if part is not None)}]"
        case Mapping():
            parts = (f"{_quoted(str(key))} = {_toml(part)}" for key, part in value.items())
            return f"{{{', '.join(parts)}}}"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's, but for one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
