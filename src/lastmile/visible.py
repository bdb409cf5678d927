"""Texts from outside, shown so that nothing in them controls a terminal or looks like our words.

Causes, parameters, names of cells and files, messages of other programs: whoever writes them may
write control sequences, marks that turn the direction of writing, or the end of a line. Each such
sign is shown as its escape, such as `x1b` behind a backslash; what people write with is left as it
is.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

_CONTROLS = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: escape sequences begin with one of them
    "\xad\u061c\u180e\u200b\u200e\u200f"  # not seen, or turning the direction of writing
    "\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"  # half a sign: bytes that are no text
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROL = re.compile(f"[{_CONTROLS}]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, *, keep: str = "") -> str:
    """A text whose control signs are shown as escapes, besides those in `keep`."""
    return _CONTROL.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def further_lines_indented(text: str) -> str:
    """A text that may have several lines, of which only the first can pass for a line of ours."""
    return visible(text, keep="\n").replace("\n", "\n    ")


def json_visible(text: str) -> str:
    """A text of JSON in which control signs are written as JSON's own escapes."""
    return _CONTROL.sub(lambda match: match[0] if match[0] == "\n" else _of_json(match[0]), text)


def _escape(sign: str) -> str:
    number = ord(sign)
    if number <= 0xFF:
        return _NAMED.get(sign, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _of_json(sign: str) -> str:
    """As JSON writes it: what lies beyond 16 bits in two halves."""
    return "".join(
        f"\\u{int.from_bytes(half, 'big'):04x}"
        for half in re.findall(rb"(?s)..", sign.encode("utf-16-be", "surrogatepass"))
    )


class Visible:
    """A stream of text that lets no control sign through but the ends of lines, and tabs.

    For whatever does not come by `output`: help texts, warnings and prints of libraries. `output`
    itself writes to `rich_proxied_file`, which is what rich calls the stream behind another one.
    """

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream

    def write(self, text: str) -> int:
        """Write a text, and say how long it was."""
        self.rich_proxied_file.write(visible(text, keep="\n\t"))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # bytes would go past
            raise AttributeError(name)
        return getattr(self.rich_proxied_file, name)


def guard_streams() -> None:
    """Let nothing that this process writes control the terminal, whoever writes it.

    What an encoding cannot hold is written as an escape too.
    """
    streams = sys.stdout, sys.stderr
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = (stream and Visible(stream) for stream in streams)


@contextmanager
def guarded_streams() -> Iterator[None]:
    """The same for the block, and for the traceback that Python prints of what it raises."""
    before = sys.stdout, sys.stderr
    guard_streams()
    try:
        yield
    except SystemExit:
        sys.stdout, sys.stderr = before
        raise
    sys.stdout, sys.stderr = before
