"""Golden rows: raw rows with scikit-learn's answers, to be asked again on any device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.evidence.answers import Answers, plain_answer
from lastmile.exporting.signature import Signature
from lastmile.exporting.signature.phone import to_json

LIMIT = 200


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """One raw row as a phone gives it, scikit-learn's answer, and the set that it comes from."""

    rows: str
    inputs: dict[str, Any]
    expected: dict[str, Any]


def kinds(signature: Signature) -> dict[str, str]:
    """Column name -> kind."""
    return {column.name: column.kind.value for column in signature.columns}


def choose_golden(
    asked: Sequence[tuple[str, pd.DataFrame, Answers]], signature: Signature
) -> tuple[GoldenRow, ...]:
    """At most :data:`LIMIT` rows from all sets: half from the sample, the rest shared.

    `asked` holds, sample first, each set's name, its rows as the phone gives them, and the answers
    of scikit-learn to exactly these rows.
    """
    made = max(1, len(asked) - 1)
    shares = [LIMIT // 2, *([max(1, LIMIT // 2 // made)] * (len(asked) - 1))]
    golden: list[GoldenRow] = []
    for (name, rows, answers), share in zip(asked, shares, strict=True):
        take = np.unique(np.linspace(0, len(rows) - 1, min(share, len(rows))).round().astype(int))
        inputs = to_json(rows.iloc[take], kinds(signature))
        golden += [
            GoldenRow(name, values, plain_answer(answers, int(row)))
            for values, row in zip(inputs, take, strict=True)
        ]
    return tuple(golden[:LIMIT])
