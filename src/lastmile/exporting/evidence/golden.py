"""Golden rows: raw rows with scikit-learn's answers, to be asked again on any device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from lastmile.exporting.evidence.answers import Answers, plain_answer
from lastmile.exporting.signature import Signature
from lastmile.exporting.signature.phone import to_json

LIMIT = 200

FIRST = 3
"""So many golden rows put each open question, before all others."""


class Question(Protocol):
    """A question that only a device can answer, and the rows that put it."""

    @property
    def name(self) -> str:
        """A word for it."""
        ...

    @property
    def question(self) -> str:
        """The question in a sentence."""
        ...

    def puts(self, frame: pd.DataFrame, answers: Answers, /) -> np.ndarray:
        """[N] bool: which raw rows, with the answers to them, put the question."""
        ...


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """One raw row, scikit-learn's answer to it, and the set that it comes from.

    `asks` names the open questions for whose sake it stands before the others.
    """

    rows: str
    inputs: dict[str, Any]
    expected: dict[str, Any]
    asks: tuple[str, ...] = ()


Asked = Sequence[tuple[str, pd.DataFrame, Answers]]
"""Each set's name, its raw rows, and scikit-learn's answers to them."""


def choose_golden(
    asked: Asked, signature: Signature, questions: Sequence[Question] = ()
) -> tuple[GoldenRow, ...]:
    """At most :data:`LIMIT` rows from all sets: half from the sample, the rest shared.

    The sample stands first in `asked`. Before all others come :data:`FIRST` rows for each of the
    `questions` that a row can put, so that a test on a device covers those first.
    """
    chosen = _put_first(asked, questions)
    made = max(1, len(asked) - 1)
    shares = [LIMIT // 2, *([max(1, LIMIT // 2 // made)] * (len(asked) - 1))]
    for at, ((_, rows, _), share) in enumerate(zip(asked, shares, strict=True)):
        take = np.unique(np.linspace(0, len(rows) - 1, min(share, len(rows))).round().astype(int))
        for row in take.tolist():
            chosen.setdefault((at, row), [])
    return _written(asked, signature, dict(list(chosen.items())[:LIMIT]))


def _put_first(asked: Asked, questions: Sequence[Question]) -> dict[tuple[int, int], list[str]]:
    """Set and row -> the questions for which it stands first."""
    chosen: dict[tuple[int, int], list[str]] = {}
    for question in questions:
        masks = [question.puts(rows, answers) for _, rows, answers in asked]
        if all(mask.all() for mask in masks):
            continue  # every row puts it
        places = [(at, int(row)) for at, mask in enumerate(masks) for row in np.flatnonzero(mask)]
        spread = np.linspace(0, len(places) - 1, min(FIRST, len(places))).round().astype(int)
        for place in spread.tolist():
            chosen.setdefault(places[place], []).append(question.name)
    return chosen


def _written(
    asked: Asked, signature: Signature, chosen: dict[tuple[int, int], list[str]]
) -> tuple[GoldenRow, ...]:
    by_set: dict[int, dict[int, dict[str, Any]]] = {}
    for at in {at for at, _ in chosen}:
        take = [row for set_, row in chosen if set_ == at]
        inputs = to_json(asked[at][1].iloc[take], signature.columns)
        by_set[at] = dict(zip(take, inputs, strict=True))
    return tuple(
        GoldenRow(asked[at][0], by_set[at][row], plain_answer(asked[at][2], row), tuple(names))
        for (at, row), names in chosen.items()
    )
