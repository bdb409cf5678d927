"""Secrets that a notebook let out: struck out of what it left behind before anybody reads it.

A value is looked for as it is, and as it looks in a URL, in JSON, in Python, in HTML, in
hexadecimal and in base64, there also in the midst of other bytes. Pixels are not read.
"""

import base64
import html
import json
import re
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

from lastmile.reporting.execution.outcome import Executed
from lastmile.reporting.secrets import SHORTEST

_LINE = 12
"""A line of a secret that is at least so long is looked for by itself."""

_BASE64 = 5
"""Characters of base64 that are not met by chance."""

_BINARY = re.compile(r"(image|audio|video|font)/(?!svg).*|application/(pdf|octet-stream)")


def redact(executed: Executed, secrets: Mapping[str, str]) -> Executed:
    """The executed notebook, cause and fault without the values of `secrets`, and their count.

    The notebook is changed in place.
    """
    if not secrets:
        return executed
    redactor = Redactor(secrets)
    redactor.notebook(executed.notebook)
    cause = executed.cause
    if cause:
        cause = replace(cause, message=redactor.message(cause.message))
    fault = redactor.text(executed.fault)
    return replace(executed, cause=cause, fault=fault, redacted=redactor.count)


def cleaner(secrets: Mapping[str, str]) -> Callable[[str], str]:
    """What strikes the values of `secrets` out of texts."""
    return Redactor(secrets).text if secrets else str


class Redactor:
    """Replaces the values of secrets by `[redacted: NAME]` and counts how often."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.count = 0
        self._names = {form: name for name, value in secrets.items() for form in forms_of(value)}
        self._forms = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._forms)))
        self._bytes = re.compile(b"|".join(re.escape(form.encode()) for form in self._forms))

    def notebook(self, notebook: Any) -> None:
        """Redact sources, outputs and what a run adds to a notebook's metadata, in place."""
        self._metadata(notebook)
        for cell in notebook.cells:
            cell.source = self.text(cell.source)
            self._metadata(cell)
            for output in cell.get("outputs", []):
                for key in ("text", "ename", "evalue", "traceback", "metadata"):
                    if key in output:
                        output[key] = self.tree(output[key])
                if "data" in output:
                    self._bundle(output["data"])

    def _metadata(self, holder: Any) -> None:
        for key in ("lastmile", "papermill", "widgets"):
            if key in holder.metadata:
                holder.metadata[key] = self.tree(holder.metadata[key])

    def _bundle(self, data: Any) -> None:
        """One output in all its forms; bytes that hold a secret cannot be mended, so they go."""
        for mime, content in list(data.items()):
            if _BINARY.fullmatch(mime) and isinstance(content, str):
                found = self._bytes.search(_decoded(content))
                if found:
                    del data[mime]
                    data["text/plain"] = self._struck(found[0].decode())
            else:
                data[mime] = self.tree(content)

    def tree(self, node: Any) -> Any:
        """Texts, numbers and keys of a JSON value, redacted."""
        if isinstance(node, str):
            return self.text(node)
        if isinstance(node, dict):
            for key in list(node):
                node[self.text(key)] = self.tree(node.pop(key))
            return node
        if isinstance(node, list):
            return [self.tree(part) for part in node]
        if isinstance(node, int | float) and str(node) in self._names:
            return self._struck(str(node))
        return node

    def text(self, text: str) -> str:
        """A text, redacted."""
        if not any(form in text for form in self._forms):
            return text  # far quicker than the pattern, and the rule
        return self._pattern.sub(lambda match: self._struck(match[0]), text)

    def message(self, text: str) -> str:
        """A message, redacted; also where it was cut in the middle of a secret."""
        text = self.text(text)
        body = text.removesuffix("...")
        if body == text:
            return text
        for form in self._forms:
            for length in range(min(len(form) - 1, len(body)), SHORTEST - 1, -1):
                if body.endswith(form[:length]):
                    return body[:-length] + self._struck(form)
        return text

    def _struck(self, form: str) -> str:
        self.count += 1
        return f"[redacted: {self._names[form]}]"


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content)
    except (NotBase64, ValueError):
        return content.encode()


def forms_of(value: str) -> set[str]:
    """How a secret may look in an output."""
    lines = [line.strip() for line in value.splitlines()]
    whole = {value, value.strip(), *(line for line in lines if len(line) >= _LINE)}
    return {form for text in whole for form in _forms(text) if len(form) >= SHORTEST}


def _forms(text: str) -> Iterator[str]:
    raw = text.encode()
    yield text
    for escaped in (
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
        quote_plus(text, safe="/"),
    ):
        yield escaped
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), escaped)
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield ascii(text)[1:-1]
    for entities in (html.escape(text), html.escape(text, quote=False)):
        yield entities
        yield entities.replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    yield raw.hex()
    yield raw.hex().upper()
    for offset in range(3):
        # Without the characters at both ends that share bits with what stands beside the secret.
        encoded = base64.b64encode(b"\0" * offset + raw).decode()
        inner = encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
        if len(inner) >= _BASE64:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")
