"""The evidence as a value: what was compared, on how many rows, with which result."""

from dataclasses import asdict, dataclass
from typing import Any

from lastmile.errors import EvidenceFailed
from lastmile.exporting.evidence.compare import Tolerances
from lastmile.exporting.evidence.golden import GoldenRow
from lastmile.exporting.signature.phone import plain

FORMAT = 1
"""Number of the form of `evidence.json`.

It is written for people and tools to read and never read back here. To change it: raise the
number, and tell the change in the changelog.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One set of rows: how many were asked, or why none could be.

    `rounded` counts rows that scikit-learn answers differently once they are written down as on a
    phone: a float rounded to float32, or an empty text, which there means a missing one.
    """

    name: str
    rows: int
    rounded: int = 0
    not_applicable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """A row on which two engines are furthest apart: its raw values and both answers."""

    rows: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    got: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two engines on all sets of rows that could be asked.

    `ties` are rows with another label where scikit-learn's own two best classes are equal up to
    rounding: chance decides there, and they are no label mismatches.
    """

    expected: str
    got: str
    rows: int
    label_mismatches: int
    ties: int
    rows_beyond_tolerance: int
    largest_absolute: float
    largest_relative: float
    by_rows: dict[str, dict[str, Any]]
    worst: tuple[Worst, ...]
    refused: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was compared, on how many rows, with which result, and what could not be checked."""

    reasons: tuple[str, ...]
    tolerance: Tolerances
    asked: tuple[Asked, ...]
    comparisons: tuple[Comparison, ...]
    not_proven: tuple[str, ...]
    golden: tuple[GoldenRow, ...]

    @property
    def holds(self) -> bool:
        """Whether every form answers as scikit-learn does, within the tolerance."""
        return not self.reasons

    @property
    def rows(self) -> int:
        """How many rows were asked in all."""
        return sum(asked.rows for asked in self.asked)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for strict JSON; the golden rows stand in a file of their own."""
        body = {key: value for key, value in asdict(self).items() if key != "golden"}
        verdict = "holds" if self.holds else "fails"
        return {"format": FORMAT, "verdict": verdict, "rows": self.rows, **plain(body)}


def demand_holds(evidence: Evidence) -> None:
    """Raise `EvidenceFailed` with the first reasons where the verdict is `fails`."""
    if evidence.holds:
        return
    shown = "; ".join(evidence.reasons[:3])
    more = len(evidence.reasons) - 3
    raise EvidenceFailed(
        f"the exported forms do not answer as the estimator does: {shown}"
        + (f"; and {more} more" if more > 0 else "")
    )
