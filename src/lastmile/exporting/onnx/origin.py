"""Where a number in a graph comes from: an exact value, and the steps that were computed on it.

A tree compares numbers. Where such a number is computed from one column by scalers and their like,
the comparison can be made on that column itself, without any rounding in between: the graph's own
computation is then not needed. An *origin* tells the column (the door) and the steps.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lastmile.exporting.signature import Kind

Step = Callable[[np.ndarray], np.ndarray]
"""[N] f64 -> [N] f64, monotone but for NaN: what scikit-learn itself computes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A column of the value `door` [N, width], which the graph holds exactly, and further steps."""

    door: str
    column: int
    kind: Kind
    width: int = 1
    steps: tuple[Step, ...] = ()

    def then(self, step: Step) -> "Origin":
        """The origin of what `step` makes of this number."""
        return replace(self, steps=(*self.steps, step))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """What scikit-learn makes of the door's `values` [N] f64: [N] f64."""
        for step in self.steps:
            values = step(values)
        return values
