"""Ask every engine the same rows, compare, and decide."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from lastmile.errors import LastmileError, RowsRefused
from lastmile.exporting.evidence.answers import ask_estimator
from lastmile.exporting.evidence.compare import Tolerances, distance, usual_size
from lastmile.exporting.evidence.first_step import IN_COREML, find_first_step, of_whole_form
from lastmile.exporting.evidence.golden import GoldenRow, Question, choose_golden, kinds
from lastmile.exporting.evidence.pairs import (
    SKLEARN,
    AnsweredSet,
    Pair,
    agreeing,
    compare_engines,
    reasons,
    told_only,
)
from lastmile.exporting.evidence.rows import RowSet, missing_marks, row_sets
from lastmile.exporting.evidence.thresholds import Thresholds, thresholds_of
from lastmile.exporting.evidence.verdict import Asked, Evidence, FirstStep, OpenQuestion
from lastmile.exporting.onnx import Graph
from lastmile.exporting.signature import Signature
from lastmile.exporting.signature.phone import as_given

ONNX = "ONNX Runtime"
COREML = "Core ML reference"

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
    def questions(self) -> Sequence[Question]:
        """Questions that only a device can answer and that this package depends on."""
        ...


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
    given = (sample, row_sets(sample, signature, cuts.by_column))
    asked, sets, tolerance = _ask_everything(
        estimator, signature, engines, given, tolerance or Tolerances(), on_step
    )
    asked_of = [(SKLEARN, name) for name in engines] + ([(ONNX, COREML)] if package else [])
    pairs = [compare_engines(sets, *pair, signature, tolerance) for pair in asked_of]
    comparisons = tuple(pair.comparison for pair in pairs)
    found = reasons(comparisons, tolerance)
    decisive = [one for one in sets if one.decides]
    questions = package.questions if package else ()
    golden = _golden(_that_agree(decisive, tolerance) if found else decisive, signature, questions)
    open_ = tuple(_open(one, decisive, golden) for one in questions)
    apple = (*NOT_PROVEN_COREML, *map(str, open_)) if package else ()
    return Evidence(
        reasons=found,
        tolerance=tolerance,
        asked=tuple(asked),
        comparisons=comparisons,
        not_proven=(*apple, *_not_proven(asked, cuts), *told_only(sets, comparisons)),
        golden=golden,
        open_questions=open_,
        first_step=_first_step(estimator, graph, sample, pairs, tolerance) if found else None,
    )


def _first_step(
    estimator: Any, graph: Graph, sample: pd.DataFrame, pairs: Sequence[Pair], tolerance: Tolerances
) -> FirstStep | None:
    """Where the worst row of the first failing comparison goes another way."""
    for pair in pairs:
        alone = reasons([pair.comparison], tolerance)
        if not (alone and pair.worst):
            continue
        if pair.comparison.got == ONNX and isinstance(graph, Graph):
            return find_first_step(estimator, graph.signature, sample, pair, tolerance)
        return of_whole_form(pair, IN_COREML)
    return None


def _golden(
    sets: Sequence[AnsweredSet], signature: Signature, questions: Sequence[Question]
) -> tuple[GoldenRow, ...]:
    asked = [(one.name, one.rows, one.answers[SKLEARN]) for one in sets]
    return choose_golden(asked, signature, questions)


def _open(
    question: Question, sets: Sequence[AnsweredSet], golden: Sequence[GoldenRow]
) -> OpenQuestion:
    put = sum(int(question.puts(one.rows, one.answers[SKLEARN]).sum()) for one in sets)
    places = tuple(at for at, row in enumerate(golden) if question.name in row.asks)
    return OpenQuestion(name=question.name, question=question.question, rows=put, golden=places)


def _that_agree(sets: Sequence[AnsweredSet], tolerance: Tolerances) -> list[AnsweredSet]:
    """The sets with those rows only that every form answers rightly: golden rows must be true."""
    return [one.only(agreeing(one, tolerance)) for one in sets]


def _ask_everything(
    estimator: Any,
    signature: Signature,
    engines: Mapping[str, Engine],
    given: tuple[pd.DataFrame, Iterable[RowSet]],
    tolerance: Tolerances,
    on_step: Callable[[str], None] | None,
) -> tuple[list[Asked], list[AnsweredSet], Tolerances]:
    """All sets of rows with all answers, and the tolerance with the usual size of answers.

    `given` are the sample and the sets made of it.
    """
    asked: list[Asked] = []
    sets: list[AnsweredSet] = []
    sample, sets_of_rows = given
    marks = missing_marks(sample, signature)
    for rows in sets_of_rows:
        if on_step:
            on_step(rows.name)
        answered = _ask_all(estimator, signature, engines, rows, marks)
        if isinstance(answered, str):
            if not asked:
                raise RowsRefused(f"the sample cannot be used: {answered}")
            asked.append(
                Asked(name=rows.name, rows=0, not_applicable=answered, decides=rows.decides)
            )
            continue
        if not sets:
            tolerance = replace(tolerance, scale=usual_size(answered.answers[SKLEARN]))
        sets.append(answered)
        rounded = _rounded(estimator, signature, rows.rows, answered, tolerance)
        asked.append(
            Asked(name=rows.name, rows=len(rows.rows), rounded=rounded, decides=rows.decides)
        )
    return asked, sets, tolerance


def _ask_all(
    estimator: Any,
    signature: Signature,
    engines: Mapping[str, Engine],
    rows: RowSet,
    marks: Mapping[str, Any],
) -> AnsweredSet | str:
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
    return AnsweredSet(rows.name, given, answers, refused, rows.decides)


def _rounded(
    estimator: Any,
    signature: Signature,
    rows: pd.DataFrame,
    asked: AnsweredSet,
    tolerance: Tolerances,
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


def _not_proven(asked: list[Asked], cuts: Thresholds) -> tuple[str, ...]:
    refused = [
        f"Rows with {entry.name}: nothing to compare with ({entry.not_applicable})."
        for entry in asked
        if entry.not_applicable
    ]
    unsought = (NOT_SOUGHT,) if cuts.computed else ()
    return (*NOT_PROVEN_HERE, *unsought, *refused)
