"""The beginning that runs of one report share: the cells above its parameters.

They do not depend on any parameter, so a backfill may run them once, in a process that every run is
then forked from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

_PARAMETERS = {"parameters", "injected-parameters"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """The code cells above the parameters: their sources by place, and the folder they run in."""

    cells: Mapping[int, str]
    cwd: Path

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        cells = [[index, source] for index, source in self.cells.items()]
        return {"cells": cells, "cwd": str(self.cwd)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """What :meth:`to_dict` gave."""
        return cls(cells={int(at): str(text) for at, text in data["cells"]}, cwd=Path(data["cwd"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCell:
    """A cell that has run already: when, and with which outputs (nbformat's, as plain values)."""

    source: str
    started: datetime
    ended: datetime
    count: int
    outputs: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A beginning that has run; or, where that could not be shared, the reason `refused`."""

    cells: Mapping[int, SharedCell]
    refused: str = ""

    @property
    def seconds(self) -> float:
        """How long the cells took together."""
        return sum((cell.ended - cell.started).total_seconds() for cell in self.cells.values())

    def begins(self, notebook: Any) -> bool:
        """Whether these cells are how `notebook` begins."""
        wanted = prefix_cells(notebook)
        return bool(wanted) and wanted == {at: cell.source for at, cell in self.cells.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        cells = [
            [at, cell.source, cell.started.isoformat(), cell.ended.isoformat(), cell.count,
             list(cell.outputs)]
            for at, cell in self.cells.items()
        ]  # fmt: skip
        return {"cells": cells, "refused": self.refused}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """What :meth:`to_dict` gave."""
        cells = {
            int(at): SharedCell(
                source=source,
                started=datetime.fromisoformat(started),
                ended=datetime.fromisoformat(ended),
                count=count,
                outputs=tuple(outputs),
            )
            for at, source, started, ended, count, outputs in data["cells"]
        }
        return cls(cells=cells, refused=data["refused"])


def prefix_of(notebook: Any, cwd: Path) -> Prefix | None:
    """The beginning of a Python notebook that does not depend on its parameters, if it has one."""
    cells = prefix_cells(notebook)
    return Prefix(cells=cells, cwd=cwd) if cells else None


def prefix_cells(notebook: Any) -> dict[int, str]:
    """The sources of the code cells above the parameters, by place; none without parameters."""
    found: dict[int, str] = {}
    for index, cell in enumerate(notebook.cells):
        if _PARAMETERS & set(cell.metadata.get("tags", [])):
            return found
        if cell.cell_type == "code" and cell.source.strip():
            found[index] = cell.source
    return {}
