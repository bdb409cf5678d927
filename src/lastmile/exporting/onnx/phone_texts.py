"""What an estimator has learned, written in the words of the phone.

A missing category becomes the empty string: that is what a phone sends for a missing text.
"""

from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.signature import Kind, Signature
from lastmile.exporting.signature.phone import MISSING_TEXT
from lastmile.exporting.signature.refusals import missing_candidates


def with_phone_texts(part: Any) -> Any:
    """`part` itself, changed: its categories."""
    if hasattr(part, "categories_"):
        part.categories_ = [phone_categories(values) for values in part.categories_]
    return part


def blanks_of(sample: pd.DataFrame, signature: Signature) -> dict[str, Any]:
    """What the empty text stands for in columns of texts, by identifier, where the sample says so.

    That is a missing value as the sample has it, or an empty text of its own.
    """
    blanks = {}
    for column in signature.columns:
        if column.kind is Kind.STRING:
            found = missing_candidates(sample, column)
            if len(found) == 1:
                (blanks[column.identifier],) = found
    return blanks


def phone_categories(values: Any) -> Any:
    """Learned categories [K] where a missing text is the empty string."""
    if np.asarray(values).dtype.kind != "O":
        return values
    missing = np.array([not isinstance(value, str) and pd.isna(value) for value in values])
    if not missing.any() or not any(isinstance(value, str) for value in values):
        return values
    return np.array(
        [MISSING_TEXT if gone else value for value, gone in zip(values, missing, strict=True)],
        dtype=object,
    )
