"""Two engines on the same rows: how far apart, on which rows most, and whether that is too far."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lastmile.exporting.evidence.answers import Answers, plain_answer
from lastmile.exporting.evidence.compare import Distance, Tolerances, distance, summary
from lastmile.exporting.evidence.verdict import Comparison, Worst
from lastmile.exporting.signature import Signature
from lastmile.exporting.signature.phone import to_json

SKLEARN = "scikit-learn"

_WORST = 5


@dataclass(frozen=True, slots=True)
class AnsweredSet:
    """One set of raw rows, with the answers of every engine that gave one."""

    name: str
    rows: pd.DataFrame
    answers: Mapping[str, Answers]
    refused: Mapping[str, str]
    decides: bool = True

    def only(self, rows: np.ndarray) -> "AnsweredSet":
        """The set with the rows [N] bool alone."""
        answers = {
            name: {output: values[rows] for output, values in given.items()}
            for name, given in self.answers.items()
        }
        return replace(self, rows=self.rows[rows], answers=answers)


@dataclass(frozen=True, slots=True)
class Pair:
    """A comparison, with its worst rows, worst first, each a frame of one raw row."""

    comparison: Comparison
    worst: tuple[tuple[Worst, pd.DataFrame], ...]


def compare_engines(
    sets: Sequence[AnsweredSet],
    expected: str,
    got: str,
    signature: Signature,
    tolerance: Tolerances,
) -> Pair:
    """How far `got` is from `expected` on every set that both answered."""
    found: dict[str, Distance] = {}
    worst: list[tuple[bool, float, Worst, pd.DataFrame]] = []
    for rows in sets:
        if expected not in rows.answers or got not in rows.answers:
            continue
        first, second = rows.answers[expected], rows.answers[got]
        apart = found[rows.name] = distance(first, second, tolerance)
        for row in apart.worst(_WORST) if rows.decides else ():
            frame = rows.rows.iloc[[row]]
            inputs = to_json(frame, signature.columns)[0]
            answers = plain_answer(first, row), plain_answer(second, row)
            told = Worst(rows=rows.name, inputs=inputs, expected=answers[0], got=answers[1])
            worst.append((bool(apart.relabelled[row]), float(apart.excess[row]), told, frame))
    worst.sort(key=lambda entry: entry[:2], reverse=True)
    decisive = {rows.name for rows in sets if rows.decides}
    by_rows = {
        name: {**summary(apart), "decides": name in decisive} for name, apart in found.items()
    }
    figures = [entry for entry in by_rows.values() if entry["decides"]]
    first_worst = worst[:_WORST]
    comparison = Comparison(
        expected=expected,
        got=got,
        rows=sum(len(apart.absolute) for name, apart in found.items() if name in decisive),
        label_mismatches=sum(entry["label_mismatches"] for entry in figures),
        ties=sum(entry["ties"] for entry in figures),
        rows_beyond_tolerance=sum(entry["rows_beyond_tolerance"] for entry in figures),
        largest_absolute=max((entry["largest_absolute"] for entry in figures), default=0.0),
        largest_relative=max((entry["largest_relative"] for entry in figures), default=0.0),
        by_rows=by_rows,
        worst=tuple(told for _, _, told, _ in first_worst),
        refused={r.name: r.refused[got] for r in sets if got in r.refused and r.decides},
    )
    return Pair(comparison, tuple((told, frame) for _, _, told, frame in first_worst))


def reasons(comparisons: Sequence[Comparison], tolerance: Tolerances) -> tuple[str, ...]:
    """Why the verdict is `fails`; only comparisons with scikit-learn decide."""
    found = []
    for pair in comparisons:
        if pair.expected != SKLEARN:
            continue
        found += [f"{pair.got}, {name}: {why}" for name, why in pair.refused.items()]
        if pair.label_mismatches > tolerance.labels:
            found.append(
                f"{pair.got} gives {pair.label_mismatches} of {pair.rows} rows another label "
                f"({tolerance.labels} allowed; {_where(pair, 'label_mismatches')})"
            )
        if pair.rows_beyond_tolerance:
            found.append(
                f"{pair.got} differs beyond the tolerance on {pair.rows_beyond_tolerance} of "
                f"{pair.rows} rows, by up to {pair.largest_absolute:.2g} "
                f"({_where(pair, 'rows_beyond_tolerance')})"
            )
    return tuple(found)


def _where(pair: Comparison, figure: str) -> str:
    """The set of rows with the most faults."""
    decisive = {name: entry for name, entry in pair.by_rows.items() if entry["decides"]}
    return max(decisive, key=lambda name: decisive[name][figure])


def told_only(sets: Sequence[AnsweredSet], comparisons: Sequence[Comparison]) -> Iterator[str]:
    """What came of rows that do not decide, where a form answers them otherwise."""
    for rows in (rows for rows in sets if not rows.decides):
        for pair in (pair for pair in comparisons if pair.expected == SKLEARN):
            if pair.got in rows.refused:
                yield f"Rows with {rows.name}: {pair.got} refuses them ({rows.refused[pair.got]})."
                continue
            figures = pair.by_rows[rows.name]
            labels, beyond = figures["label_mismatches"], figures["rows_beyond_tolerance"]
            if labels or beyond:
                yield (
                    f"Rows with {rows.name}: {pair.got} gives {labels} of {len(rows.rows)} another "
                    f"label, and {beyond} numbers beyond the tolerance."
                )


def agreeing(asked: AnsweredSet, tolerance: Tolerances) -> np.ndarray:
    """[N] bool: rows that every engine answers as scikit-learn does; none where one refuses."""
    expected = asked.answers[SKLEARN]
    agree = np.full(len(asked.rows), not asked.refused)
    for name, got in asked.answers.items():
        if name != SKLEARN:
            apart = distance(expected, got, tolerance)
            agree &= ~(apart.relabelled | apart.beyond)
    return agree
