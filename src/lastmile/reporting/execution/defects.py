"""Failures that Jupyter lets pass as success: the witness in the kernel, and what it saw."""

import ast
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lastmile.reporting.execution.witness import MIME


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that went wrong in the cell with that index without stopping the run."""

    cell: int
    what: str

    def __str__(self) -> str:
        return f"cell {self.cell + 1}: {self.what}"


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


def take_defects(cell: Any, order: list[int]) -> Iterator[Defect]:
    """The defects that the witness showed in a cell's outputs, which are taken out of it.

    `order` are the indices of the cells in the order in which they began.
    """
    shown = [output for output in cell.outputs if MIME in output.get("data", {})]
    cell.outputs = [output for output in cell.outputs if output not in shown]
    for output in shown:
        yield from _read(output["data"][MIME], order)


def ask_witness(client: Any, order: list[int]) -> list[Defect]:
    """What the witness saw after the last cell had ended."""
    if getattr(client.km.kernel_spec, "language", "") != "python" or not order:
        return []
    with contextlib.suppress(Exception):  # a notebook may have replaced whatever it likes
        question = {"seen": "get_ipython()._lastmile_witness.take()"}
        asked = client.kc.execute("", silent=True, user_expressions=question)
        content = client.wait_for_reply(asked)["content"]["user_expressions"]["seen"]
        return list(_read(ast.literal_eval(content["data"]["text/plain"]), order))
    return []


def _read(seen: Any, order: list[int]) -> Iterator[Defect]:
    """Defects from untrusted data: the notebook may show anything under our type."""
    for entry in seen if isinstance(seen, list) else []:
        with contextlib.suppress(TypeError, ValueError, IndexError):
            begun, what = entry
            yield Defect(order[max(int(begun), 1) - 1], str(what)[:300])
