"""How numbers are shown: metric or imperial.

Everything is computed in mm, °C and m/s; a value is converted when it is shown, never before.
"""

from dataclasses import dataclass
from typing import overload

import pandas as pd

MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"  # a number and its unit stay on one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A unit: shown = value * `factor` + `offset`, with `digits` decimals."""

    unit: str
    factor: float = 1.0
    offset: float = 0.0
    digits: int = 1

    @overload
    def value(self, metric: float) -> float: ...
    @overload
    def value(self, metric: "pd.Series[float]") -> "pd.Series[float]": ...
    def value(self, metric: "float | pd.Series[float]") -> "float | pd.Series[float]":
        """A metric value, or a column of them, in this unit."""
        return metric * self.factor + self.offset

    def number(self, metric: float) -> str:
        """A metric value in this unit, rounded, without the unit's name."""
        return rounded(self.value(metric), self.digits)

    def text(self, metric: float) -> str:
        """A metric value with its unit: `12.5 mm`."""
        return f"{self.number(metric)}{NBSP}{self.unit}"

    def apart(self, difference: float) -> str:
        """A difference of two metric values, without its sign: `1.4 °C`."""
        return f"{rounded(abs(difference) * self.factor, self.digits)}{NBSP}{self.unit}"

    def signed(self, difference: float) -> str:
        """A difference of two metric values with its sign: `+1.4`."""
        return rounded(difference * self.factor, self.digits, sign=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """One unit for each thing that is measured."""

    rain: Measure
    temperature: Measure
    wind: Measure


SYSTEMS = {
    "metric": Units(
        rain=Measure(unit="mm"), temperature=Measure(unit="°C"), wind=Measure(unit="m/s")
    ),
    "imperial": Units(
        rain=Measure(unit="in", factor=1 / 25.4, digits=2),
        temperature=Measure(unit="°F", factor=1.8, offset=32.0),
        wind=Measure(unit="mph", factor=3600 / 1609.344),
    ),
}


def rounded(value: float, digits: int, *, sign: bool = False) -> str:
    """A number as it is printed: a true minus sign, and no minus before a zero."""
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return text
    return (MINUS if value < 0 else "+" if sign else "") + text


def percent(share: float, digits: int = 0) -> str:
    """A share of one in per cent: `48 %`."""
    return f"{rounded(share * 100, digits)}{NBSP}%"
