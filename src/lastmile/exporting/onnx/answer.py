"""What an estimator answers: names of values in the graph."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.onnx.nodes import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one fitted estimator answers to some rows; what it does not answer is empty.

    features: what a transformer makes of the rows. value: [N, T] f32, what a regressor predicts.
    index: [N] i64, the position of the predicted class in `classes`; `label`, [N], stands in its
    place where a class is not known by its position (clusters, outliers). probabilities: [N, K]
    f32. score: what `decision_function` gives, [N, 1] or [N, K] f32. targets: the answers of a
    classifier with several labels, one for each.
    """

    features: Parts = ()
    value: str = ""
    index: str = ""
    label: str = ""
    classes: tuple[str | int, ...] = ()
    probabilities: str = ""
    score: str = ""
    targets: "tuple[Answer, ...]" = ()


def plain_classes(classes: Any) -> tuple[str | int, ...]:
    """Class labels as texts or whole numbers.

    Raises `ValueError` where they are neither.
    """
    values = np.asarray(classes)
    seen = pd.api.types.infer_dtype(values)
    if seen == "string":
        return tuple(str(value) for value in values)
    if seen in ("integer", "boolean") or (
        seen == "floating" and all(float(value).is_integer() for value in values)
    ):
        return tuple(int(value) for value in values)
    raise ValueError(f"its classes are {seen}")
