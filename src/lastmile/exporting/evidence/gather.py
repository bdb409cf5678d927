"""Ask every engine the same rows, compare, and decide."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from lastmile.errors import LastmileError, RowsRefused
from lastmile.exporting.evidence.answers import Answers, ask_estimator, plain_answer
from lastmile.exporting.evidence.compare import (
    Distance,
    Tolerances,
    distance,
    summary,
    usual_size,
)
from lastmile.exporting.evidence.golden import choose_golden, kinds
from lastmile.exporting.evidence.rows import RowSet, missing_marks, row_sets
from lastmile.exporting.evidence.thresholds import Thresholds, thresholds_of
from lastmile.exporting.evidence.verdict import Asked, Comparison, Evidence, Worst
from lastmile.exporting.onnx import Graph
from lastmile.exporting.signature import Signature
from lastmile.exporting.signature.phone import as_given, to_json

SKLEARN = "scikit-learn"
ONNX = "ONNX Runtime"
COREML = "Core ML reference"

_WORST = 5

NOT_PROVEN_HERE = (
    "ONNX Runtime was asked in one release, on a server's processor; another release, or a phone's "
    "build of the same one, may round differently in the last digit.",
)

NOT_SOUGHT = (
    "Rows at the thresholds of splits on numbers that are computed from the columns were not "
    "sought out."
)

NOT_PROVEN_COREML = (
    "The Core ML reference is lastmile's own evaluator of the saved package, written from what "
    "Apple documents. Apple's runtime was not asked: it exists only on Apple's systems.",
)


class Engine(Protocol):
    """Anything that answers raw rows as `Graph.run` does."""

    def run(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """The answers by output name."""
        ...


class CoreMLPackage(Engine, Protocol):
    """What evidence needs of a Core ML package."""

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Questions that only a device can answer and that this package depends on."""
        ...


@dataclass(frozen=True, slots=True)
class _Set:
    """One set of rows, as given on a phone, with the answers of every engine that gave one."""

    name: str
    rows: pd.DataFrame
    answers: Mapping[str, Answers]
    refused: Mapping[str, str]


def gather_evidence(
    estimator: Any,
    signature: Signature,
    graph: Graph,
    package: CoreMLPackage | None,
    sample: pd.DataFrame,
    tolerance: Tolerances | None = None,
    *,
    on_step: Callable[[str], None] | None = None,
) -> Evidence:
    """Compare scikit-learn, ONNX Runtime and the Core ML reference row by row.

    scikit-learn is asked the rows as a phone gives them, floats rounded to float32; where that
    rounding alone changes its answer, the row is counted apart. A set of rows that scikit-learn
    itself refuses is recorded with its reason. `on_step` hears the name of each set.

    Raises:
        RowsRefused: scikit-learn does not even answer its own sample.
    """
    engines: dict[str, Engine] = {ONNX: graph} | ({COREML: package} if package else {})
    cuts = thresholds_of(graph) if isinstance(graph, Graph) else Thresholds({}, computed=False)
    asked, sets, tolerance = _ask_everything(
        estimator,
        signature,
        engines,
        (sample, row_sets(sample, signature, cuts.by_column)),
        tolerance or Tolerances(),
        on_step,
    )
    pairs = [(SKLEARN, name) for name in engines] + ([(ONNX, COREML)] if package else [])
    comparisons = tuple(
        _compare(sets, expected, got, signature, tolerance) for expected, got in pairs
    )
    return Evidence(
        reasons=_reasons(comparisons, tolerance),
        tolerance=tolerance,
        asked=tuple(asked),
        comparisons=comparisons,
        not_proven=_not_proven(asked, package, cuts),
        golden=choose_golden([(s.name, s.rows, s.answers[SKLEARN]) for s in sets], signature),
    )


def _ask_everything(
    estimator: Any,
    signature: Signature,
    engines: Mapping[str, Engine],
    given: tuple[pd.DataFrame, Iterable[RowSet]],
    tolerance: Tolerances,
    on_step: Callable[[str], None] | None,
) -> tuple[list[Asked], list[_Set], Tolerances]:
    """All sets of rows with all answers, and the tolerance with the usual size of answers.

    `given` are the sample and the sets made of it.
    """
    asked: list[Asked] = []
    sets: list[_Set] = []
    sample, sets_of_rows = given
    marks = missing_marks(sample, signature)
    for rows in sets_of_rows:
        if on_step:
            on_step(rows.name)
        answered = _ask_all(estimator, signature, engines, rows, marks)
        if isinstance(answered, str):
            if not asked:
                raise RowsRefused(f"the sample cannot be used: {answered}")
            asked.append(Asked(name=rows.name, rows=0, not_applicable=answered))
            continue
        if not sets:
            tolerance = replace(tolerance, scale=usual_size(answered.answers[SKLEARN]))
        sets.append(answered)
        rounded = _rounded(estimator, signature, rows.rows, answered, tolerance)
        asked.append(Asked(name=rows.name, rows=len(rows.rows), rounded=rounded))
    return asked, sets, tolerance


def _ask_all(
    estimator: Any,
    signature: Signature,
    engines: Mapping[str, Engine],
    rows: RowSet,
    marks: Mapping[str, Any],
) -> _Set | str:
    """Every engine's answers, or the reason why scikit-learn gives none."""
    if rows.reason:
        return rows.reason
    given = as_given(rows.rows, kinds(signature), marks)
    try:
        answers = {SKLEARN: ask_estimator(estimator, signature, given)}
    except RowsRefused as error:
        return error.what
    refused = {}
    for name, engine in engines.items():
        try:
            answers[name] = engine.run(given)
        except LastmileError as error:
            refused[name] = error.what
    return _Set(rows.name, given, answers, refused)


def _rounded(
    estimator: Any, signature: Signature, rows: pd.DataFrame, asked: _Set, tolerance: Tolerances
) -> int:
    """How many rows scikit-learn answers differently once they are written down as on a phone."""
    if rows.equals(asked.rows):
        return 0
    try:
        own = ask_estimator(estimator, signature, rows)
    except RowsRefused:
        return len(rows)
    apart = distance(own, asked.answers[SKLEARN], tolerance)
    return int((apart.relabelled | apart.beyond).sum())


def _compare(
    sets: list[_Set], expected: str, got: str, signature: Signature, tolerance: Tolerances
) -> Comparison:
    found: dict[str, Distance] = {}
    worst: list[tuple[bool, float, Worst]] = []
    for rows in sets:
        if expected not in rows.answers or got not in rows.answers:
            continue
        first, second = rows.answers[expected], rows.answers[got]
        apart = found[rows.name] = distance(first, second, tolerance)
        for row in apart.worst(_WORST):
            inputs = to_json(rows.rows.iloc[[row]], kinds(signature))[0]
            answers = plain_answer(first, row), plain_answer(second, row)
            told = Worst(rows=rows.name, inputs=inputs, expected=answers[0], got=answers[1])
            worst.append((bool(apart.relabelled[row]), float(apart.excess[row]), told))
    worst.sort(key=lambda entry: entry[:2], reverse=True)
    by_rows = {name: summary(apart) for name, apart in found.items()}
    return Comparison(
        expected=expected,
        got=got,
        rows=sum(len(apart.absolute) for apart in found.values()),
        label_mismatches=sum(entry["label_mismatches"] for entry in by_rows.values()),
        ties=sum(entry["ties"] for entry in by_rows.values()),
        rows_beyond_tolerance=sum(entry["rows_beyond_tolerance"] for entry in by_rows.values()),
        largest_absolute=max((e["largest_absolute"] for e in by_rows.values()), default=0.0),
        largest_relative=max((e["largest_relative"] for e in by_rows.values()), default=0.0),
        by_rows=by_rows,
        worst=tuple(told for _, _, told in worst[:_WORST]),
        refused={rows.name: rows.refused[got] for rows in sets if got in rows.refused},
    )


def _reasons(comparisons: tuple[Comparison, ...], tolerance: Tolerances) -> tuple[str, ...]:
    """Why the verdict is `fails`; only comparisons with scikit-learn decide."""
    reasons = []
    for pair in comparisons:
        if pair.expected != SKLEARN:
            continue
        reasons += [f"{pair.got}, {name}: {why}" for name, why in pair.refused.items()]
        if pair.label_mismatches > tolerance.labels:
            reasons.append(
                f"{pair.got} gives {pair.label_mismatches} of {pair.rows} rows another label "
                f"({tolerance.labels} allowed; {_where(pair, 'label_mismatches')})"
            )
        if pair.rows_beyond_tolerance:
            reasons.append(
                f"{pair.got} differs beyond the tolerance on {pair.rows_beyond_tolerance} of "
                f"{pair.rows} rows, by up to {pair.largest_absolute:.2g} "
                f"({_where(pair, 'rows_beyond_tolerance')})"
            )
    return tuple(reasons)


def _where(pair: Comparison, figure: str) -> str:
    """The set of rows with the most faults."""
    return max(pair.by_rows, key=lambda name: pair.by_rows[name][figure])


def _not_proven(
    asked: list[Asked], package: CoreMLPackage | None, cuts: Thresholds
) -> tuple[str, ...]:
    refused = [
        f"Rows with {entry.name}: nothing to compare with ({entry.not_applicable})."
        for entry in asked
        if entry.not_applicable
    ]
    apple = (*NOT_PROVEN_COREML, *package.unknowns) if package else ()
    unsought = (NOT_SOUGHT,) if cuts.computed else ()
    return (*apple, *NOT_PROVEN_HERE, *unsought, *refused)
