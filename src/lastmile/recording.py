"""Values that a notebook stores with its run: `lastmile.record("auc", 0.78)`.

A value travels as an output of a kind of its own, `MIME`, which no page shows, so it needs neither
a file nor a connection, and any tool that keeps outputs keeps it. Needs nothing but the standard
library; inside of a kernel IPython is there anyway.
"""

import json
import math
import re
import sys
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

MIME = "application/vnd.lastmile.record+json"

MOST_ROWS = 1_000
MOST_COLUMNS = 200
MOST_BYTES = 256_000
"""The largest value, as JSON. What is larger belongs into a file."""

TABLE = "$table"
"""The only key of a stored table; under it `columns`, `index`, `index_names` and `rows`."""

_NAME = re.compile(r"[^\W\d][\w .:/%()-]{0,79}")


def record(name: str, value: Any) -> None:
    """Store `value` under `name` with the run; of several under one name the last one counts.

    `value` is None, a bool, a number, a text, a date, a list, tuple or dict of such, or a pandas
    DataFrame or Series of up to 1,000 rows and 200 columns. NumPy's numbers and small arrays are
    taken as Python's. Numbers that JSON lacks are stored as the texts `NaN`, `Infinity` and
    `-Infinity`; missing fields of a table as None. Outside of a kernel the value is checked and
    nothing is stored.

    Raises:
        TypeError: the name is no text, or the value is of a type that cannot be stored.
        ValueError: the name cannot be used, or the value is too large.
    """
    payload = {"name": checked_name(name), "value": checked_value(name, value)}
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display({MIME: payload}, raw=True)  # type: ignore[no-untyped-call]


def checked_name(name: Any) -> str:
    """The name, if it can be one.

    Raises:
        TypeError, ValueError.
    """
    if not isinstance(name, str):
        raise TypeError(f"record() needs a text as name, not {type(name).__name__}")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be a name: begin with a letter, then up to 80 letters, digits, "
            "spaces and _ - . : / % ( )"
        )
    return name


def checked_value(name: str, value: Any) -> Any:
    """The value in the form that is stored: plain JSON, tables under the key `TABLE`.

    Raises:
        TypeError, ValueError.
    """
    try:
        stored = _table(value) if _is_table(value) else _plain(value)
        size = len(json.dumps(stored, ensure_ascii=False))
    except RecursionError:
        raise ValueError(f"{name!r} holds itself, or is nested too deeply") from None
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name!r} cannot be recorded: {error}") from None
    if size > MOST_BYTES:
        raise ValueError(
            f"{name!r} cannot be recorded: it takes {size:,} bytes, {MOST_BYTES:,} are allowed"
        )
    return stored


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return _single(value)
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {_key(key): _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
    if hasattr(value, "tolist"):  # numbers and arrays of NumPy
        return _plain(value.tolist())
    raise TypeError(
        f"a {type(value).__name__} is neither a number, a text, a list or dict of these, "
        "nor a DataFrame"
    )


def _single(value: bool | float | str | None) -> bool | float | str | None:
    """Python's own type, whatever subclass of it was given."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # without lone surrogates
    if isinstance(value, int):
        return int(value)
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} of a dict is not a text")
    if key.startswith("$"):
        raise ValueError(f"the key {key!r} of a dict begins with $")
    return key


def _is_table(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "iloc")


def _table(frame: Any) -> dict[str, Any]:
    if hasattr(frame, "to_frame"):  # a Series
        frame = frame.to_frame(frame.name if frame.name is not None else "value")
    limits = zip(("rows", "columns"), frame.shape, (MOST_ROWS, MOST_COLUMNS), strict=True)
    for what, count, most in limits:
        if count > most:
            raise ValueError(f"it has {count:,} {what}, {most:,} are allowed")
    table = {
        "columns": [_label(label) for label in frame.columns],
        "index": [_label(label) for label in frame.index],
        "index_names": ["" if name is None else str(name) for name in frame.index.names],
        "rows": [[_field(value) for value in row] for row in frame.itertuples(index=False)],
    }
    return {TABLE: table}


def _label(label: Any) -> Any:
    """A name of a row or column; of several levels a list."""
    return [_field(part) for part in label] if isinstance(label, tuple) else _field(label)


def _field(value: Any) -> Any:
    """A field of a table: None where it is missing, a text where it is of no plain type."""
    if value is None or value != value or type(value).__name__ in ("NAType", "NaTType"):  # noqa: PLR0124
        return None
    try:
        return _plain(value)
    except TypeError:
        return str(value)
