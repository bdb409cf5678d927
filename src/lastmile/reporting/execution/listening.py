"""Hearing the kernel's messages before nbclient keeps them.

How long is it silent, and how much does it say? A cell that prints without end would fill memory
and pages: what it says beyond the limit is dropped, and the cell says so.
"""

import time
from collections.abc import Sequence
from typing import Any

_OUTPUTS = ("stream", "display_data", "execute_result", "update_display_data")


class Listener:
    """Stands between a kernel and nbclient's `process_message`."""

    def __init__(self, client: Any, limit: float) -> None:
        self._heard = time.monotonic()
        self._limit = limit
        self._said: dict[int, float] = {}
        self._process = client.process_message
        client.process_message = self._listen

    @property
    def silent_for(self) -> float:
        """Seconds since the kernel last said anything."""
        return time.monotonic() - self._heard

    def _listen(self, message: Any, cell: Any, index: int) -> Any:
        self._heard = time.monotonic()
        if message["msg_type"] in _OUTPUTS:
            content, before = message["content"], self._said.get(index, 0)
            self._said[index] = before + _weight(content)
            if self._said[index] > self._limit:
                room = max(int(self._limit - before), 0)
                if message["msg_type"] != "stream" or not room:
                    return None
                content["text"] = content["text"][:room]
        return self._process(message, cell, index)

    def close(self, cell: Any, index: int) -> None:
        """Join what a cell said, and tell in it what was dropped."""
        from nbformat.v4 import new_output

        cell.outputs = join_streams(cell.outputs)
        dropped = self._said.get(index, 0) - self._limit
        if dropped > 0:
            limit = f"{self._limit:,.0f}"
            text = f"\n[lastmile dropped {dropped:,.0f} characters here: the limit is {limit}]\n"
            cell.outputs.append(new_output("stream", name="stderr", text=text))


def _weight(content: Any) -> int:
    texts = [content.get("text", ""), *content.get("data", {}).values()]
    return sum(len(text) for text in texts if isinstance(text, str))


def join_streams(outputs: Sequence[Any]) -> list[Any]:
    """One stream of each name between other outputs, as a terminal would leave its lines.

    nbclient can do this too, in time that grows with the square of the length of a line.
    """
    joined: list[Any] = []
    texts: dict[str, list[str]] = {}
    for output in outputs:
        if output.output_type != "stream":
            texts = {}
            joined.append(output)
        elif output.name in texts:
            texts[output.name].append(output.text)
        else:
            texts[output.name] = [output.text]
            joined.append((output, texts[output.name]))
    return [_whole(*part) if isinstance(part, tuple) else part for part in joined]


def _whole(output: Any, texts: list[str]) -> Any:
    output.text = "\n".join(_as_left(line) for line in "".join(texts).split("\n"))
    return output


def _as_left(line: str) -> str:
    """What a terminal shows of a line: the text behind the last return, backspaces applied."""
    line = line.removesuffix("\r").rpartition("\r")[2]
    if "\b" not in line:
        return line
    shown: list[str] = []
    for sign in line:
        if sign != "\b":
            shown.append(sign)
        elif shown:
            shown.pop()
    return "".join(shown)
