"""The signature's values, and how they stand in `signature.json`.

It says how one raw row is written down for a phone. Numbers are float32 or int64, a missing number
is NaN, texts are UTF-8 strings and a missing text is the empty string. Which columns may be missing
at all, and which take known values only, the estimator decides. ONNX and Core ML inputs
carry the column's `identifier`, which is a valid name in Swift, Kotlin and ONNX.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from lastmile.errors import BadDefinition, each
from lastmile.exporting.signature import phone

FORMAT = 2
"""Number of the form on disk; form 1 did not say what the estimator refuses.

To change the form: raise the number, teach `Signature.from_dict` to read the older ones, keep an
example of each older form beside the tests of this module, and tell the change in the changelog.
A reader refuses a newer number.
"""


class Kind(StrEnum):
    """What a value of a column or an output is, on every target."""

    FLOAT = "float"
    INT = "int64"
    STRING = "string"
    BOOL = "bool"


class Task(StrEnum):
    """What the estimator does with a row."""

    CLASSIFY = "classify"
    REGRESS = "regress"
    TRANSFORM = "transform"
    CLUSTER = "cluster"
    DETECT = "detect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One raw input column. `known` are the categories that the estimator has seen.

    missing: how a missing value is written: `NaN`, the empty text, or a whole number that is none
    of the column's; None where the column is required: the estimator refuses to answer without it,
    or its kind has no missing value.
    closed: whether the estimator refuses all values but the known ones.
    """

    name: str
    identifier: str
    kind: Kind
    help: str = ""
    unit: str = ""
    known: tuple[str | int | float, ...] = ()
    missing: str | int | None = None
    closed: bool = False

    @property
    def marker(self) -> int | None:
        """The whole number that stands for a missing one, if there is one."""
        return self.missing if isinstance(self.missing, int) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output.

    `label` [N] is the predicted class, the number of the cluster, or 1 for a usual row and -1 for
    an outlier; `probabilities` [N, width] stand in the order of `classes`; `score` [N, width] is
    what `decision_function` gives; `value` [N, width] is what a regressor predicts or a transformer
    makes, and `columns` are the names that scikit-learn gives to its columns. A classifier with
    several labels has outputs `label_1`, `probabilities_1`, `label_2` and so on.
    """

    name: str
    kind: Kind
    width: int = 1
    classes: tuple[str | int, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def role(self) -> str:
        """`label`, `probabilities`, `score` or `value`, whichever label it belongs to."""
        return self.name.split("_")[0]

    @property
    def target(self) -> int:
        """Which of several labels it belongs to, from 0 on; 0 where there is one."""
        _, _, number = self.name.partition("_")
        return int(number) - 1 if number else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Raw columns in, typed outputs out."""

    task: Task
    columns: tuple[Column, ...]
    outputs: tuple[Output, ...]
    notes: Mapping[str, str] = field(default_factory=dict)

    def output(self, name: str) -> Output | None:
        """The output called `name`, if there is one."""
        return next((output for output in self.outputs if output.name == name), None)

    def feeds(self, frame: pd.DataFrame, *, wide: bool = False) -> dict[str, np.ndarray]:
        """The rows of `frame` as a phone gives them, one array per identifier.

        The columns are found by their names. Each array is [N, 1]: float32 with NaN for missing,
        int64, bool, or object holding `str` with "" for missing. None, NaN and `pandas.NA` are
        missing; truth values never are, and whole numbers only where a marker stands for that.
        `wide` gives floats in 64 bits, as Core ML takes them.

        Raises:
            SampleLacksColumn: the frame has not all columns.
            RowsRefused: a value has no place in its column.
            Faults: several of these, all at once.
        """
        names = [column.name for column in self.columns]
        there = [column for column in self.columns if column.name in frame.columns]
        checks: list[Callable[[], Any]] = [
            partial(phone.demand_columns, frame, names),
            *(partial(phone.encode, frame[column.name], column, wide=wide) for column in there),
        ]
        _, *arrays = each(lambda check: check(), checks)
        return {column.identifier: array for column, array in zip(there, arrays, strict=True)}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the number of the form."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The signature that :meth:`to_dict` wrote.

        Raises:
            BadDefinition: not a signature, or of a newer form.
        """
        if data.get("format") not in (1, FORMAT):
            raise BadDefinition(
                f"a signature of format {data.get('format')!r} cannot be read",
                where="signature",
                fix=f"this lastmile reads formats 1 to {FORMAT}; a newer one may be needed",
            )
        rest = {key: value for key, value in data.items() if key != "format"}
        if data["format"] == 1:
            rest["columns"] = [_with_missing(column) for column in rest.get("columns", ())]
        try:
            return _ADAPTER.validate_python(rest, extra="forbid")  # type: ignore[return-value]
        except ValidationError as error:
            first = error.errors()[0]
            spot = ".".join(str(part) for part in first["loc"])
            raise BadDefinition(f"{spot}: {first['msg']}", where="signature") from error


def _with_missing(column: Any) -> Any:
    """A column of form 1, which says that every number and every text may be missing."""
    if not isinstance(column, Mapping):
        return column
    return {**column, "missing": phone.MISSING.get(str(column.get("kind")))}


_ADAPTER = TypeAdapter(Signature)
