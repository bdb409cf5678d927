"""Hearing the kernel's messages before nbclient keeps them.

What is said is made valid, and put where it belongs: what work in the background says behind the
end of its cell goes to that cell, an update to the display that it updates. Errors that are shown
and notes of the witness are kept for the session. A cell that prints without end would fill memory
and pages: what it says beyond the limit is dropped, and the cell says so.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from lastmile.reporting.execution.defects import Note, read_notes, shown_notes
from lastmile.reporting.execution.valid_outputs import make_valid

_OUTPUTS = ("stream", "display_data", "execute_result", "update_display_data")
_LATE = (*_OUTPUTS, "error")
_DRAIN_SECONDS = 2.0
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class Listener:
    """Stands between a kernel and nbclient: its `process_message`, and its channel of outputs."""

    def __init__(self, client: Any, limit: float) -> None:
        self._heard = time.monotonic()
        self._limit = limit
        self._said: dict[int, float] = {}
        self._requests: dict[str, int] = {}
        self._now = ""
        self._here: int | None = None
        self._notes: list[Note] = []
        self._displays: dict[str, list[Any]] = {}
        self._late: set[int] = set()
        self._cells = client.nb.cells
        self._channel = client.kc.iopub_channel
        self._process = client.process_message
        self._receive = self._channel.get_msg
        client.process_message = self._listen
        self._channel.get_msg = self._get_message

    @property
    def silent_for(self) -> float:
        """Seconds since the kernel last said anything."""
        return time.monotonic() - self._heard

    @property
    def shown_error(self) -> str:
        """The first error that the kernel showed since notes were taken."""
        return next((note.what for note in self._notes if note.kind == "error"), "")

    def take_notes(self) -> list[Note]:
        """What was noted since the last time."""
        notes, self._notes = self._notes, []
        return notes

    def note(self, told: Any) -> None:
        """Keep notes of the witness, which come as the kernel wrote them."""
        here = self._here
        self._notes += read_notes(told, lambda request: self._requests.get(request, here))

    async def _get_message(self, *words: Any, **named: Any) -> Any:
        """The next message for nbclient, which passes over those of cells that have ended."""
        while True:
            try:
                message = await self._receive(*words, **named)
                request = message["parent_header"].get("msg_id")
                if request in self._requests and request != self._now:
                    self._listen_late(message, self._requests[request])
            except _UNREADABLE as error:
                what = f"a message of the kernel cannot be read: {type(error).__name__}: {error}"
                self._notes.append(Note("defect", self._here, what[:300]))
            else:
                return message

    def _listen(self, message: Any, cell: Any, index: int) -> Any:
        from nbclient.exceptions import CellControlSignal

        self._heard = time.monotonic()
        self._now, self._here = message["parent_header"]["msg_id"], index
        self._requests.setdefault(self._now, index)
        try:
            if not self._passes(message, index):
                return None
            display = message["content"].get("transient", {}).pop("display_id", None)
            output = self._process(message, cell, index)
        except CellControlSignal:
            raise
        except Exception as error:  # a kernel can say what nobody has thought of
            what = f"an output could not be kept: {type(error).__name__}: {error}"
            self._notes.append(Note("defect", index, what[:300]))
            return None
        self._remember(display, output)
        return output

    def _listen_late(self, message: Any, index: int) -> None:
        """A message of a cell that has ended: threads and tasks go on behind their cell."""
        from nbformat.v4 import output_from_msg

        self._heard = time.monotonic()
        if message["msg_type"] not in _LATE or not self._passes(message, index):
            return
        with suppress(Exception):
            output = output_from_msg(message)
            self._remember(message["content"].get("transient", {}).get("display_id"), output)
            self._cells[index].outputs.append(output)
            self._late.add(index)

    def _passes(self, message: Any, index: int) -> bool:
        """Whether a message is more than a note, an update, or what is too much."""
        make_valid(message)
        kind, content = message["msg_type"], message["content"]
        if (told := shown_notes(content)) is not None:
            self.note(told)
            return False
        if kind == "error":
            name, value = content["ename"], content["evalue"]
            good = name == "SystemExit" and value in ("", "0", "None")
            what = f"raised {name}: {value}" if value else f"raised {name}"
            self._notes.append(Note("exit" if good else "error", index, what))
        if kind in _OUTPUTS and not self._has_room(kind, content, index):
            return False
        self._update(content)
        return bool(kind != "update_display_data")

    def _has_room(self, kind: str, content: Any, index: int) -> bool:
        before = self._said.get(index, 0)
        self._said[index] = before + _weight(content)
        if self._said[index] <= self._limit:
            return True
        room = max(int(self._limit - before), 0)
        if kind != "stream" or not room:
            return False
        content["text"] = content["text"][:room]
        return True

    def _update(self, content: Any) -> None:
        """Put new data into the displays of a name, wherever they stand."""
        name = content.get("transient", {}).get("display_id")
        for output in self._displays.get(name, []) if isinstance(name, str) else []:
            output["data"], output["metadata"] = content["data"], content["metadata"]

    def _remember(self, display: Any, output: Any) -> None:
        if isinstance(display, str) and output:
            self._displays.setdefault(display, []).append(output)

    def drain(self, request: str) -> None:
        """Hear what was said until the kernel had answered a `request` that is no cell."""
        from jupyter_core.utils import run_sync

        until = time.monotonic() + _DRAIN_SECONDS
        receive = run_sync(self._get_message)
        with suppress(Exception):  # the kernel may be gone
            while (left := until - time.monotonic()) > 0:
                message = receive(timeout=left)
                ours = message["parent_header"].get("msg_id") == request
                if ours and message["content"].get("execution_state") == "idle":
                    return

    def close(self, cell: Any, index: int) -> None:
        """Join what a cell said, and tell in it what was dropped."""
        from nbformat.v4 import new_output

        self._now = ""
        cell.outputs = join_streams(cell.outputs)
        dropped = self._said.get(index, 0) - self._limit
        if dropped > 0:
            limit = f"{self._limit:,.0f}"
            text = f"\n[lastmile dropped {dropped:,.0f} characters here: the limit is {limit}]\n"
            cell.outputs.append(new_output("stream", name="stderr", text=text))

    def close_late(self) -> None:
        """The same for cells that said something behind their end."""
        for index in self._late:
            self._cells[index].outputs = join_streams(self._cells[index].outputs)


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
