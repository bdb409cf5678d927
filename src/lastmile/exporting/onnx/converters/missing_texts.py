"""Missing texts: what an imputer looks for, as a phone writes it, and what it puts there.

A phone writes a missing text as the empty one. What that stands for, NaN, None or an empty text of
its own, the sample tells; whether an imputer takes it for missing, scikit-learn itself is asked.
"""

from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.onnx.nodes import Part
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind
from lastmile.exporting.signature.phone import MISSING_TEXT

_FOUND = "found"


def filled(writer: Writer, imputer: Any, part: Part, value: Any) -> Part:
    """A column of texts [N, 1] with `value` where the imputer finds one missing."""
    mark = _mark(writer, imputer, part)
    if mark is None:
        return part
    text = MISSING_TEXT if pd.isna(value) else str(value)  # a number, as encoders look for it
    name = writer("Where", _is(writer, part, mark), _constant(text), part.name)
    if mark == MISSING_TEXT:
        writer.blanks[name] = text  # an empty text that is still there was put in
    elif part.name in writer.blanks:
        writer.blanks[name] = writer.blanks[part.name]
    return Part(name, Kind.STRING)


def is_missing(writer: Writer, imputer: Any, part: Part) -> str:
    """Whether the imputer finds a text missing: [N, 1] bool."""
    mark = _mark(writer, imputer, part)
    if mark is None:
        return writer("And", _is(writer, part, MISSING_TEXT), np.array([[False]]))
    return _is(writer, part, mark)


def _is(writer: Writer, part: Part, text: str) -> str:
    return writer("Equal", part.name, _constant(text))


def _constant(text: str) -> np.ndarray:
    return np.array(text, dtype=object)


def _mark(writer: Writer, imputer: Any, part: Part) -> str | None:
    """The text of a phone that the imputer takes for a missing one, if there is one."""
    sought = imputer.missing_values
    if isinstance(sought, str):
        return sought
    blank = writer.blanks.get(part.name, sought)
    return MISSING_TEXT if pd.isna(sought) and _finds(sought, blank) else None


def _finds(sought: Any, value: Any) -> bool:
    """Whether an imputer that looks for `sought` finds `value` missing: NaN is not None there."""
    from sklearn.impute import SimpleImputer

    imputer = SimpleImputer(missing_values=sought, strategy="constant", fill_value=_FOUND)
    imputer.fit(np.array([["a text"]], dtype=object))
    try:
        made = imputer.transform(np.array([[value]], dtype=object))[0, 0]
    except (TypeError, ValueError):  # it does not take such a value at all
        return False
    return isinstance(made, str) and made == _FOUND
