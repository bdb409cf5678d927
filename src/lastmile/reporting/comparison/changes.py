"""What a comparison of two runs consists of.

Everywhere `before` belongs to the first run and `after` to the second; what only the second has is
*added*, what only the first has is *removed*. A `place` says where in the report something stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from lastmile.reporting.rendering.blocks import Figure

Status = Literal["equal", "changed", "added", "removed"]


class Change(Protocol):
    """Anything that was compared."""

    @property
    def status(self) -> Status:
        """What became of it."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs: the content of its `run.json`, and its executed notebook."""

    record: Mapping[str, Any]
    notebook: Any

    @property
    def key(self) -> str:
        """The run's name."""
        return str(self.record.get("key", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """A single value; `difference` is after - before and `ratio` after / before, for numbers."""

    name: str
    status: Status
    before: Any = None
    after: Any = None
    difference: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of a table, as texts; `difference` where both are numbers of one unit."""

    row: str
    column: str
    before: str
    after: str
    difference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """A table, field by field; `compared` is how many fields stand in both.

    Rows and columns are told by their names.
    """

    place: str
    status: Status
    rows_added: tuple[str, ...] = ()
    rows_removed: tuple[str, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    compared: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """Words or sources; `lines` are those that differ and their neighbours, as in a diff."""

    place: str
    status: Status
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """A picture; `share` is the part of all pixels that differ, from 0 to 1.

    It is None where pixels could not be compared, for the reason in `remark`. `picture` is a PNG
    that shows where they differ.
    """

    place: str
    status: Status
    before: Figure | None = None
    after: Figure | None = None
    share: float | None = None
    picture: bytes = b""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that was compared.

    State, recorded values, tables, texts and figures are the outputs; parameters, sources (of
    cells) and environment (code, data, packages, machine) are where they come from.
    """

    before: Side
    after: Side
    state: ValueChange
    parameters: tuple[ValueChange, ...]
    recorded: tuple[ValueChange, ...]
    tables: tuple[TableChange, ...]
    texts: tuple[TextChange, ...]
    figures: tuple[FigureChange, ...]
    sources: tuple[TextChange, ...]
    environment: tuple[ValueChange, ...]

    @property
    def outputs(self) -> tuple[Change, ...]:
        """What the runs came to."""
        return (self.state, *self.recorded, *self.tables, *self.texts, *self.figures)

    @property
    def equal(self) -> bool:
        """Whether both runs came to the same."""
        return not differing(self.outputs)


_Some = TypeVar("_Some", bound=Change)


def differing(changes: Iterable[_Some]) -> tuple[_Some, ...]:
    """Those that are not equal."""
    return tuple(change for change in changes if change.status != "equal")
