"""What a kernel shows, made valid: as nbformat wants it, and as UTF-8 and JSON can hold it.

A kernel may send anything, and notebooks do: a dict under a type whose name says text, a number
as text, NaN, half a character. What is of the wrong kind is shown as the text that JSON has for
it, so that it is seen rather than lost.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

_JSON = re.compile(r"application/(.*\+)?json")
"""Types that may hold any value, as the schema of nbformat names them."""

_DEEPEST = 100
"""Levels of lists and dicts, one in the other. Copying takes four calls for each."""


def make_valid(message: dict[str, Any]) -> None:
    """Make the content of a kernel's message valid, in place."""
    content = message["content"]
    if not isinstance(content, dict):
        content = message["content"] = {}
    if "execution_count" in content:
        content["execution_count"] = _count(content["execution_count"])
    _KINDS.get(message["msg_type"], _unchanged)(content)


def valid_output(output: Mapping[str, Any]) -> dict[str, Any]:
    """An output as a notebook holds it, made valid."""
    content = dict(output)
    _KINDS.get(content["output_type"], _unchanged)(content)
    content.pop("transient", None)
    return content


def _unchanged(_content: dict[str, Any]) -> None:
    """Nothing of it is kept."""


def _stream(content: dict[str, Any]) -> None:
    content["name"] = text_of(content.get("name") or "stdout")
    content["text"] = text_of(content.get("text", ""))


def _display(content: dict[str, Any]) -> None:
    metadata, transient = json_of(content.get("metadata")), content.get("transient")
    content["data"] = valid_bundle(content.get("data"))
    content["metadata"] = metadata if isinstance(metadata, dict) else {}
    content["transient"] = transient if isinstance(transient, dict) else {}


def _result(content: dict[str, Any]) -> None:
    _display(content)
    content.setdefault("execution_count", None)


def _error(content: dict[str, Any]) -> None:
    lines = content.get("traceback")
    if not isinstance(lines, list):
        lines = text_of(lines or "").splitlines()
    content["traceback"] = [text_of(line) for line in lines]
    content["ename"] = text_of(content.get("ename") or "Error")
    content["evalue"] = text_of(content.get("evalue", ""))


def _comm(content: dict[str, Any]) -> None:
    data = content.get("data")
    content["data"] = data if isinstance(data, dict) else {}
    if not isinstance(content["data"].get("state", {}), dict):
        del content["data"]["state"]


_KINDS: Mapping[str, Callable[[dict[str, Any]], None]] = MappingProxyType(
    {
        "stream": _stream,
        "display_data": _display,
        "update_display_data": _display,
        "execute_result": _result,
        "error": _error,
        "comm_open": _comm,
        "comm_msg": _comm,
        "comm_close": _comm,
    }
)


def notebook_bytes(notebook: Any) -> bytes:
    """An executed notebook as a file; metadata may come from elsewhere and are made valid too."""
    from nbformat import from_dict
    from nbformat.v4 import writes_json

    try:
        return bytes(writes_json(notebook, allow_nan=False).encode())
    except ValueError:
        return bytes(writes_json(from_dict(_cleaned(notebook)), allow_nan=False).encode())


def valid_bundle(data: Any) -> dict[str, Any]:
    """One output in all its forms: texts, but for the types that may hold any value."""
    if not isinstance(data, dict):
        return {} if data is None else {"text/plain": text_of(data)}
    forms = ((text_of(mime), value) for mime, value in data.items())
    return {
        mime: json_of(value) if _JSON.fullmatch(mime) else text_of(value)
        for mime, value in forms
        if value is not None or _JSON.fullmatch(mime)
    }


def text_of(value: Any) -> str:
    """A text as it is, lines joined, and everything else as JSON writes it."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        cleaned = json_of(value)
        value = cleaned if isinstance(cleaned, str) else json.dumps(cleaned, ensure_ascii=False)
    try:
        value.encode()
    except UnicodeEncodeError:
        return str(value.encode("utf-8", "replace").decode())
    return str(value)


def json_of(value: Any) -> Any:
    """A value that JSON can hold: NaN and infinities as texts, no halves of characters.

    One that is nested so deeply that programs lose themselves in it becomes a text.
    """
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        value = _cleaned(value)
    if _is_deep(value):
        return json.dumps(value, ensure_ascii=False)
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        inner = [part.values() if isinstance(part, dict) else part for part in level
                 if isinstance(part, dict | list)]  # fmt: skip
        level = [part for parts in inner for part in parts if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def _cleaned(value: Any) -> Any:
    match value:
        case dict():
            return {text_of(str(key)): _cleaned(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_cleaned(inner) for inner in value]
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case str():
            return text_of(value)
        case None | bool() | int() | float():
            return value
    return text_of(str(value))


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
