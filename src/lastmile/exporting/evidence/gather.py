"""Ask every engine the same rows, compare, and decide."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from lastmile.errors import LastmileError, RowsRefused
from lastmile.exporting.evidence.answers import Answers, ask_estimator
from lastmile.exporting.evidence.compare import Tolerances, usual_size
from lastmile.exporting.evidence.first_step import IN_COREML, find_first_step, of_whole_form
from lastmile.exporting.evidence.golden import GoldenRow, Question, choose_golden
from lastmile.exporting.evidence.input_loss import LostInput, lost_inputs
from lastmile.exporting.evidence.pairs import (
    SKLEARN,
    AnsweredSet,
    Pair,
    agreeing,
    compare_engines,
    reasons,
    told_only,
)
from lastmile.exporting.evidence.rows import RowSet, row_sets
from lastmile.exporting.evidence.thresholds import Thresholds, thresholds_of
from lastmile.exporting.evidence.verdict import Asked, Evidence, FirstStep, OpenQuestion
from lastmile.exporting.onnx import Graph
from lastmile.exporting.signature import Signature
from lastmile.exporting.signature.phone import MISSING_TEXT
from lastmile.exporting.signature.refusals import missing_candidates, missing_values

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

    scikit-learn is asked the raw rows; the forms are fed as a phone feeds them. Rows that
    scikit-learn refuses are recorded with its reason. `on_step` hears the name of each set.

    Raises:
        RowsRefused: scikit-learn does not even answer its own sample.
    """
    engines: dict[str, Engine] = {ONNX: graph} | ({COREML: package} if package else {})
    cuts = thresholds_of(graph) if isinstance(graph, Graph) else Thresholds({}, computed=False)
    marks = missing_marks(estimator, sample, signature)
    rows = row_sets(sample, signature, marks, cuts.by_column)
    given = tolerance or Tolerances()
    asked, sets, tolerance = _ask_everything(estimator, signature, engines, rows, given, on_step)
    asked_of = [(SKLEARN, name) for name in engines] + ([(ONNX, COREML)] if package else [])
    pairs = [compare_engines(sets, *pair, signature, tolerance) for pair in asked_of]
    comparisons = tuple(pair.comparison for pair in pairs)
    failures = reasons(comparisons, tolerance)
    decisive = [answered for answered in sets if answered.decides]
    questions = package.questions if package else ()
    true = _that_agree(decisive, tolerance) if failures else decisive
    golden = _golden(true, signature, questions)
    open_ = tuple(_open(one, decisive, golden) for one in questions)
    apple = (*NOT_PROVEN_COREML, *map(str, open_)) if package else ()
    return Evidence(
        reasons=failures,
        tolerance=tolerance,
        asked=tuple(asked),
        comparisons=comparisons,
        not_proven=(*apple, *_not_proven(asked, cuts), *told_only(sets, comparisons)),
        golden=golden,
        open_questions=open_,
        first_step=_first_step(estimator, graph, sample, pairs, tolerance),
        lost=_lost(estimator, signature, pairs, _blanks(sample, marks), tolerance),
    )


def _lost(
    estimator: Any,
    signature: Signature,
    pairs: Sequence[Pair],
    blanks: Mapping[str, Sequence[Any]],
    tolerance: Tolerances,
) -> tuple[LostInput, ...]:
    """What a phone loses of the worst row of the first failing comparison, if that is the cause."""
    failing = [pair for pair in pairs if _differs(pair, tolerance)]
    if not failing:
        return ()
    return lost_inputs(estimator, signature, failing[0].worst[0][1], blanks, tolerance)


def _blanks(sample: pd.DataFrame, marks: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What an empty text may stand for, by column: a missing one, or one that the sample has."""
    return {
        name: [mark, MISSING_TEXT] if (sample[name] == MISSING_TEXT).any() else [mark]
        for name, mark in marks.items()
    }


def _differs(pair: Pair, tolerance: Tolerances) -> bool:
    """Whether a form answers rows otherwise, rather than not at all."""
    compared = replace(pair.comparison, refused={})
    return bool(pair.worst and reasons([compared], tolerance))


def _first_step(
    estimator: Any, graph: Graph, sample: pd.DataFrame, pairs: Sequence[Pair], tolerance: Tolerances
) -> FirstStep | None:
    """Where the worst row of the first failing comparison goes another way."""
    for pair in pairs:
        if not _differs(pair, tolerance):
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
    given: Iterable[RowSet],
    tolerance: Tolerances,
    on_step: Callable[[str], None] | None,
) -> tuple[list[Asked], list[AnsweredSet], Tolerances]:
    """All sets of rows with all answers, and the tolerance with the usual size of answers."""
    asked: list[Asked] = []
    sets: list[AnsweredSet] = []
    for rows in given:
        if on_step:
            on_step(rows.name)
        answered = _ask_all(estimator, signature, engines, rows)
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
        asked.append(Asked(name=rows.name, rows=len(rows.rows), decides=rows.decides))
    return asked, sets, tolerance


def _ask_all(
    estimator: Any, signature: Signature, engines: Mapping[str, Engine], rows: RowSet
) -> AnsweredSet | str:
    """Every engine's answers, or the reason why scikit-learn gives none."""
    if rows.reason:
        return rows.reason
    try:
        answers = {SKLEARN: ask_estimator(estimator, signature, rows.rows)}
    except RowsRefused as error:
        return error.what
    refused = {}
    for name, engine in engines.items():
        try:
            answers[name] = _first_alone(engine, rows.rows)
        except LastmileError as error:
            refused[name] = error.what
    return AnsweredSet(rows.name, rows.rows, answers, refused, rows.decides)


def _first_alone(engine: Engine, rows: pd.DataFrame) -> Answers:
    """An engine's answers to the first row by itself, as a phone asks, and to the others at once.

    What a graph does with a whole batch need not be what it does with one row of it.
    """
    if len(rows) < 2:
        return engine.run(rows)
    first, others = engine.run(rows.iloc[:1]), engine.run(rows.iloc[1:])
    return {name: np.concatenate([first[name], others[name]]) for name in first}


def _not_proven(asked: list[Asked], cuts: Thresholds) -> tuple[str, ...]:
    refused = [
        f"Rows with {entry.name}: scikit-learn refuses them, so no form was compared, and no app "
        f"may send them ({entry.not_applicable})."
        for entry in asked
        if entry.not_applicable
    ]
    unsought = (NOT_SOUGHT,) if cuts.computed else ()
    return (*NOT_PROVEN_HERE, *unsought, *refused)


def missing_marks(estimator: Any, sample: pd.DataFrame, signature: Signature) -> dict[str, Any]:
    """Column name -> what a raw row has for a missing value, also where that will be refused."""
    answered = missing_values(estimator, signature.task, sample, signature.columns)
    candidates = {c.name: missing_candidates(sample, c) for c in signature.columns}
    return {name: values[0] for name, values in candidates.items() if values} | answered
