"""Raw rows of every kind that the matrix asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

COUNT = 240


@dataclass(frozen=True, slots=True)
class Data:
    """Raw rows, and what may be predicted from them."""

    rows: pd.DataFrame
    two: np.ndarray
    three: np.ndarray
    number: np.ndarray
    numbers: np.ndarray
    labels: np.ndarray
    counts: np.ndarray

    @property
    def codes(self) -> np.ndarray:
        """`two` as 0 and 1."""
        return (self.two == "tak").astype(int)

    @property
    def grades(self) -> np.ndarray:
        """`three` as 0, 1 and 2."""
        return self.three // 10

    @property
    def shares(self) -> np.ndarray:
        """Numbers between 0 and 1."""
        return 0.8 * self.codes + 0.1

    @property
    def ranks(self) -> np.ndarray:
        """How good a row is, from 0 to 4."""
        return self.counts.astype(int) % 5


def _narrow(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers that 32 bits hold exactly, as 64-bit floats."""
    return frame.astype(np.float32).astype(np.float64)


def _data(rows: pd.DataFrame, signal: np.ndarray, seed: int) -> Data:
    noise = np.random.default_rng(seed).normal(size=len(rows))
    score = (signal - signal.mean()) / signal.std() + 0.4 * noise
    other = np.roll(score, 7)
    return Data(
        rows=rows,
        two=np.where(score > 0, "tak", "nie"),
        three=np.digitize(score, [-0.6, 0.6]) * 10,
        number=score * 10 + 100,
        numbers=np.column_stack([score, other]),
        labels=np.column_stack([score > 0, other > 0.3]).astype(int),
        counts=np.round(np.exp(score)).astype(float) + 1,
    )


def plain() -> Data:
    """Four columns of numbers of the usual size."""
    rng = np.random.default_rng(1)
    rows = _narrow(
        pd.DataFrame(rng.normal(size=(COUNT, 4)), columns=["age", "income", "my col-é", "ż (m)"])
    )
    return _data(rows, rows["age"] - rows["my col-é"] * rows["income"], 2)


def positive() -> Data:
    """Four columns of positive numbers, some of them zero."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(rng.gamma(1.5, 2.0, size=(COUNT, 4)), columns=["a", "b", "c", "d"])
    rows = _narrow(rows.mask(rows < 0.3, 0.0))
    return _data(rows, (rows["a"] - rows["b"]).to_numpy(), 4)


def counts() -> Data:
    """Four columns of small whole numbers."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(rng.integers(0, 4, size=(COUNT, 4)), columns=["a", "b", "c", "d"])
    return _data(rows, (rows["a"] - rows["b"]).to_numpy().astype(float), 6)


def shifted() -> Data:
    """Columns that lie far from zero: pressures, years, prices."""
    rng = np.random.default_rng(7)
    columns = {
        "pressure": rng.normal(101_325, 800, COUNT),
        "year": rng.integers(1990, 2026, COUNT) + 0.0,
        "price": rng.gamma(2.0, 5_000.0, COUNT),
        "share": rng.uniform(0, 1, COUNT),
    }
    rows = _narrow(pd.DataFrame(columns))
    return _data(rows, (rows["pressure"] / 800 + rows["year"] / 10).to_numpy(), 8)


def gaps() -> Data:
    """Numbers of which one in eight is missing."""
    data = plain()
    rng = np.random.default_rng(9)
    rows = data.rows.mask(rng.random(data.rows.shape) < 0.125)
    return Data(rows, data.two, data.three, data.number, data.numbers, data.labels, data.counts)


def mixed() -> Data:
    """What a table is: numbers with gaps, whole numbers, truth values, texts with gaps."""
    rng = np.random.default_rng(11)
    columns: dict[str, Any] = {
        "temperature °C": rng.normal(12, 7, COUNT).astype(np.float32).astype(np.float64),
        "visits": rng.integers(0, 300, COUNT),
        "member": rng.random(COUNT) < 0.4,
        "city": rng.choice(["Łódź", "Kraków", "Sopot"], COUNT),
        "device": rng.choice(["a", "b", "c", "d"], COUNT, p=[0.55, 0.3, 0.1, 0.05]),
    }
    rows = pd.DataFrame(columns)
    rows.loc[rng.choice(COUNT, 25, replace=False), "temperature °C"] = np.nan
    rows.loc[rng.choice(COUNT, 25, replace=False), "city"] = np.nan
    signal = rows["temperature °C"].fillna(12) / 7 + rows["visits"] / 90 + rows["member"]
    return _data(rows, signal.to_numpy(), 12)


def texts() -> Data:
    """One column of short texts."""
    rng = np.random.default_rng(13)
    words = ["deszcz", "słońce", "mgła", "Rain", "today", "no", "wind", "é", "co2"]
    rows = pd.DataFrame(
        {"note": [" ".join(rng.choice(words, rng.integers(1, 6))) for _ in range(COUNT)]}
    )
    return _data(rows, rows["note"].str.len().to_numpy().astype(float), 14)


def category() -> Data:
    """One column of categories."""
    rng = np.random.default_rng(15)
    rows = pd.DataFrame({"city": rng.choice(["a", "b", "ć"], COUNT)})
    return _data(rows, (rows["city"] == "a").to_numpy() + rng.normal(size=COUNT), 16)


def single() -> Data:
    """One column of numbers."""
    data = plain()
    return _data(data.rows[["age"]], data.rows["age"].to_numpy(), 17)


def whole() -> Data:
    """Whole numbers of every size, up to where 64-bit integers end."""
    rng = np.random.default_rng(19)
    rows = pd.DataFrame(
        {
            "small": rng.integers(-9, 9, COUNT),
            "large": rng.integers(-(2**40), 2**40, COUNT),
            "ends": rng.choice([-(2**63), -1, 0, 1, 2**63 - 1], COUNT),
        }
    )
    return _data(rows, (rows["small"] + rows["large"] / 2**37).to_numpy(), 20)


def flags() -> Data:
    """Truth values and one number with gaps."""
    rng = np.random.default_rng(21)
    rows = pd.DataFrame({name: rng.random(COUNT) < 0.4 for name in ("wet", "late", "zażółć")})
    score = rows["wet"] * 1.0 - rows["late"] + rng.normal(size=COUNT) / 3
    return _data(rows, score.to_numpy(), 22)


KINDS: dict[str, Callable[[], Data]] = {
    "plain": plain,
    "positive": positive,
    "counts": counts,
    "shifted": shifted,
    "gaps": gaps,
    "mixed": mixed,
    "texts": texts,
    "category": category,
    "single": single,
    "whole": whole,
    "flags": flags,
}
"""Every kind of rows, by name."""
