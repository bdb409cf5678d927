"""Failures that Jupyter lets pass as success: the witness in the kernel, and what it noted."""

import ast
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from lastmile.reporting.execution.witness import MIME

NoteKind = Literal["error", "defect", "exit"]
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was seen in the cell with that index; None is outside of all cells.

    An `error` fails the run, a `defect` does not stop it, and with an `exit` the notebook ended
    itself. `what` goes on behind the number of the cell.
    """

    kind: NoteKind
    cell: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that went wrong in the cell with that index without stopping the run."""

    cell: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.cell is None else f"cell {self.cell + 1}: {self.what}"


def post_witness(client: Any) -> None:
    """Put the witness into a Python kernel; other kernels go without one."""
    if getattr(client.km.kernel_spec, "language", "") != "python":
        return
    client.wait_for_reply(client.kc.execute(_installation(), silent=True, store_history=False))


@cache
def _installation() -> str:
    source = Path(__file__).with_name("witness.py").read_text(encoding="utf-8")
    return (
        f"exec(compile({source!r}, '<lastmile>', 'exec'), (_lm := {{'__name__': '_lastmile'}}))\n"
        "get_ipython()._lastmile_witness = _lm['Witness'](get_ipython())\n"
        "del _lm"
    )


def ask_witness(client: Any) -> tuple[str, Any]:
    """What the witness saw until now, after the last cell: the message that asked, and notes."""
    if getattr(client.km.kernel_spec, "language", "") != "python":
        return client.kc.kernel_info(), []
    # A notebook may have a `get_ipython` of its own.
    question = {"seen": "__import__('IPython').get_ipython()._lastmile_witness.finish()"}
    asked = client.kc.execute("", silent=True, user_expressions=question)
    with contextlib.suppress(Exception):  # a notebook may have replaced whatever it likes
        content = client.wait_for_reply(asked)["content"]["user_expressions"]["seen"]
        return asked, ast.literal_eval(content["data"]["text/plain"])
    return asked, []


def shown_notes(content: Mapping[str, Any]) -> Any:
    """What the witness put into a display; None where it is a display of the notebook's own."""
    data = content.get("data")
    return data.get(MIME) if isinstance(data, Mapping) else None


def read_notes(told: Any, cell_of: Callable[[str], int | None]) -> Iterator[Note]:
    """Notes from untrusted data: the notebook may show anything under our type.

    `cell_of` gives the cell that a message has asked to run.
    """
    for entry in told if isinstance(told, list) else []:
        with contextlib.suppress(TypeError, KeyError):
            request, kind, what = entry["request"], entry["kind"], str(entry["what"])
            if kind in get_args(NoteKind):
                cell = None if request is None else cell_of(str(request))
                yield Note(kind, cell, what[:_LONGEST])
