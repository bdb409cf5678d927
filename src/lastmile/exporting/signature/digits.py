"""How many digits the numbers of a column have.

Prices have two decimals, shoe sizes one: numbers that are made for such a column get no more, as
people will send none with more.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_MOST = 9
"""At most so many decimals are looked for; numbers with more count as having all of 64 bits."""

_NOISE = 4
"""Steps of 64 bits by which 0.1 * 3 and its like are beside the decimal that was meant."""


@dataclass(frozen=True)
class Numbers:
    """The distinct finite numbers [M] f64 of a column, rising."""

    values: np.ndarray

    @cached_property
    def decimals(self) -> int | None:
        """How many decimals they have; None where 32 bits hold them all, or 64 are needed."""
        if self.narrow:
            return None
        return next((count for count in range(1, _MOST + 1) if self._has(count)), None)

    def _has(self, decimals: int) -> bool:
        """Whether all have so many decimals, but for what sums and products of them are off by."""
        apart = np.abs(np.round(self.values, decimals) - self.values)
        return bool((apart <= _NOISE * np.spacing(np.abs(self.values))).all())

    @cached_property
    def narrow(self) -> bool:
        """Whether 32-bit floats hold all of them."""
        with np.errstate(over="ignore"):
            return bool((self.values.astype(np.float32) == self.values).all())

    def like_these(self, made: np.ndarray) -> np.ndarray:
        """Numbers [N] f64 with no more digits than these have."""
        if self.decimals is not None:
            return np.round(made, self.decimals)
        with np.errstate(over="ignore"):
            return made.astype(np.float32).astype(np.float64) if self.narrow else made
