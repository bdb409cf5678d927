"""What an estimator has learned, written in the words of the phone.

A missing category, or the text that an imputer looks for, becomes the empty string: that is what a
phone sends for a missing text.
"""

from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.signature.phone import MISSING_TEXT


def with_phone_texts(part: Any) -> Any:
    """`part` itself, changed: its categories and the text that it imputes."""
    if hasattr(part, "categories_"):
        part.categories_ = [phone_categories(values) for values in part.categories_]
    statistics = getattr(part, "statistics_", None)
    if statistics is not None and np.asarray(statistics).dtype == object:
        texts = [value for value in statistics if isinstance(value, str)]
        if texts and len(texts) == len(statistics) and pd.isna(part.missing_values):
            part.missing_values = MISSING_TEXT
    return part


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
