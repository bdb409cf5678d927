"""The evidence as a value: what was compared, on how many rows, with which result."""

from dataclasses import asdict, dataclass
from typing import Any

from lastmile.errors import EvidenceFailed
from lastmile.exporting.cost import Measured
from lastmile.exporting.evidence.compare import Tolerances
from lastmile.exporting.evidence.golden import GoldenRow
from lastmile.exporting.evidence.input_loss import LostInput
from lastmile.exporting.signature.phone import plain

FORMAT = 3
"""Number of the form of `evidence.json`.

It is written for people and tools to read and never read back here. To change it: raise the
number, and tell the change in the changelog.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One set of rows: how many were asked, or why none could be.

    Where it does not decide, its rows stand in no figure but its own in `by_rows`.
    """

    name: str
    rows: int
    not_applicable: str = ""
    decides: bool = True


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
class FirstStep:
    """Where a difference first appears, shown on the row `inputs` of the set `rows`.

    `path` is like `columns > num > scale (StandardScaler)`, and `method` what scikit-learn asks it
    there. `before` and `after` map each engine to numbers of that row by column; of many, those
    around `column`, which is off by `size`, the most.
    """

    path: str
    rows: str
    inputs: dict[str, Any]
    method: str = ""
    column: str = ""
    size: float = 0.0
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]

    def lines(self) -> list[str]:
        """The row and what the step makes of it, for people."""
        told = [f"row: {_pairs(self.inputs)}  ({self.rows})"]
        for label, sides in (("in", self.before), ("out", self.after)):
            for engine, values in sides.items():
                told.append(f"{label + ':':<4} {_pairs(values)}  ({engine})")
        return told


def _pairs(values: dict[str, Any]) -> str:
    """Values by name in one line; numbers with nine digits, as 32-bit floats differ there."""
    return " ".join(
        f"{name}={format(value, '.9g') if isinstance(value, float) else value}"
        for name, value in values.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """What only a device can tell about this Core ML package.

    rows: how many of the rows that were asked put the question. golden: the positions of the
    golden rows that put it, counted from 0; empty where every row does, or none.
    """

    name: str
    question: str
    rows: int
    golden: tuple[int, ...]

    def __str__(self) -> str:
        if self.golden:
            named = ", ".join(map(str, self.golden))
            return f"{self.question} Golden rows that put it, counted from 0: {named}."
        return f"{self.question} {'Every row puts it.' if self.rows else 'No row asked puts it.'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was compared, on how many rows, with which result, and what could not be checked.

    `first_step` tells where a difference begins, if there is one beyond the tolerance, and `lost`
    which values of that row a phone cannot write down as they are. `accepted`
    is the reason for which a person lets the export out although it fails. `measured` is what the
    graph took on the machine that exported it.
    """

    reasons: tuple[str, ...]
    tolerance: Tolerances
    asked: tuple[Asked, ...]
    comparisons: tuple[Comparison, ...]
    not_proven: tuple[str, ...]
    golden: tuple[GoldenRow, ...]
    open_questions: tuple[OpenQuestion, ...] = ()
    first_step: FirstStep | None = None
    lost: tuple[LostInput, ...] = ()
    accepted: str = ""
    measured: Measured | None = None

    @property
    def differing(self) -> int:
        """Rows with another label or numbers beyond the tolerance, in the worst comparison."""
        counts = (pair.label_mismatches + pair.rows_beyond_tolerance for pair in self.comparisons)
        return max(counts, default=0)

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
        return {"format": FORMAT, "verdict": self.verdict, "rows": self.rows, **plain(body)}

    @property
    def verdict(self) -> str:
        """`holds`, `fails`, or `accepted` for what fails and is let out all the same."""
        return "holds" if self.holds else "accepted" if self.accepted else "fails"


def demand_holds(evidence: Evidence, *, kept: str = "") -> None:
    """Raise `EvidenceFailed` with the first reasons where the verdict is `fails`.

    `kept` names the file that the whole evidence is kept in. Where no form answers a single row
    rightly, nothing can be accepted.
    """
    if evidence.verdict == "holds" or (evidence.accepted and evidence.golden):
        return
    shown = "; ".join(evidence.reasons[:3])
    more = len(evidence.reasons) - 3
    step = evidence.first_step
    lines = step.lines() if step else []
    raise EvidenceFailed(
        f"the exported forms do not answer as the estimator does: {shown}"
        + (f"; and {more} more" if more > 0 else ""),
        step=step.path if step else "",
        lines=[*map(str, evidence.lost), *lines],
        kept=kept,
        advice=list(dict.fromkeys(loss.advice for loss in evidence.lost)),
    )
