"""What a phone loses of a raw row before a model sees it.

A number that 32 bits do not hold, or a text that is empty while another one is missing: both are
written down as something else. Where scikit-learn answers that otherwise, the form cannot be right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import RowsRefused
from lastmile.exporting.evidence.answers import Answers, ask_estimator
from lastmile.exporting.evidence.compare import Tolerances, distance
from lastmile.exporting.signature import Column, Kind, Signature
from lastmile.exporting.signature.phone import as_written


@dataclass(frozen=True, slots=True, kw_only=True)
class LostInput:
    """A value of the row that a phone writes down as another, and what to do about its column."""

    column: str
    given: Any
    written: Any
    advice: str

    def __str__(self) -> str:
        """The loss in a line."""
        return f"`{self.column}`: {_shown(self.given)} reaches the model as {_shown(self.written)}"


def lost_inputs(
    estimator: Any,
    signature: Signature,
    row: pd.DataFrame,
    blanks: Mapping[str, Sequence[Any]],
    tolerance: Tolerances,
) -> tuple[LostInput, ...]:
    """The values of one raw row that scikit-learn answers otherwise once a phone wrote them down.

    `blanks` say what an empty text of a phone may stand for in the sample, by column.
    """

    def asked(**values: "pd.Series[Any]") -> Answers | None:
        try:
            return ask_estimator(estimator, signature, row.assign(**values))
        except RowsRefused:
            return None

    expected = asked()
    losses = []
    for column in signature.columns if expected else ():
        raw = row[column.name]
        for blank in blanks.get(column.name, [None]):
            written = as_written(raw, column, blank)
            if not raw.equals(written) and _differ(
                expected, asked(**{column.name: written}), tolerance
            ):
                losses.append(_lost(column, raw.iloc[0], written.iloc[0]))
                break
    return tuple(losses)


def _differ(expected: Answers | None, answers: Answers | None, tolerance: Tolerances) -> bool:
    """Whether a row is answered otherwise, or not at all."""
    if expected is None or answers is None:
        return True
    apart = distance(expected, answers, tolerance)
    return bool((apart.relabelled | apart.beyond).any())


def _lost(column: Column, given: Any, written: Any) -> LostInput:
    advice = (
        f"fit on `{column.name}` rounded to what 32-bit floats hold (about 7 digits), or with an "
        "offset subtracted"
        if column.kind is Kind.FLOAT
        else f"write a missing and an empty `{column.name}` alike before the estimator is fitted"
    )
    return LostInput(
        column=column.name,
        given=given.item() if hasattr(given, "item") else given,
        written=written.item() if hasattr(written, "item") else written,
        advice=advice,
    )


def _shown(value: Any) -> str:
    """A number with nine digits, as 32 bits differ in the ninth, or with all if it needs more."""
    if isinstance(value, float) and not np.isnan(value):
        short = format(value, ".9g")
        return repr(value) if np.float32(value) != value != float(short) else short
    return repr(value) if isinstance(value, str) else "a missing text"
