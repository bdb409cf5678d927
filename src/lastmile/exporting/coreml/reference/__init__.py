"""What a Core ML file means, in NumPy: an evaluator for any saved model of the supported kinds.

    files       a `.mlmodel` or `.mlpackage` becomes a message and weight files
    wiring      models, pipelines, and the values that flow between them
    stages      Core ML's classic model types
    trees       tree ensembles, vectorised over rows
    program     ML Programs: functions, operations in order, weights
    operations  the operations of programs
    tables      rows of a table in, answers as a table out

No Core ML runtime exists outside of Apple's systems. The semantics here are those that Apple
documents in the format's `.proto` files and in the reference of the program operations; where the
documents are silent the choice is named in :mod:`lastmile.exporting.coreml.unknowns`. Classic
stages compute in 64-bit floats, an array declared FLOAT32 is rounded to 32 bits, programs compute
in 32 bits.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.coreml.reference.files import Parts, read_parts
from lastmile.exporting.coreml.reference.tables import columns_of, table_of
from lastmile.exporting.coreml.reference.values import Dictionary
from lastmile.exporting.coreml.reference.wiring import evaluate_model, supported

__all__ = ["Dictionary", "evaluate", "evaluate_model", "predict", "supported"]


def evaluate(model: Path | Any, columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The outputs of a saved Core ML model, row by row.

    model: path of a `.mlmodel` or `.mlpackage`, or a `Model` message without weight files.
    columns: by input name: numbers or texts [N], arrays [N, C].

    Returns by output name: [N] f64, i64 or `str`, arrays [N, C], or a `Dictionary` of [N, K] f64.

    Raises:
        PackageBroken: the file is damaged, of another kind, or does not fit the columns.
    """
    parts = read_parts(model) if isinstance(model, Path) else Parts(model=model, weights={})
    return evaluate_model(parts, columns)


def predict(model: Path | Parts, frame: pd.DataFrame) -> pd.DataFrame:
    """The answers of a saved Core ML model to the rows of a table, as a table.

    Columns are named as :mod:`lastmile.exporting.coreml.reference.tables` says.

    Raises:
        PackageBroken: the file is damaged, or of another kind.
        RowsRefused: the rows are not what the model reads.
    """
    parts = read_parts(model) if isinstance(model, Path) else model
    return table_of(evaluate_model(parts, columns_of(parts.model, frame)))
