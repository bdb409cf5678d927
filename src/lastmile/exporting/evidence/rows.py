"""Samples that hurt: sets of raw rows made from the real ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.signature import Column, Kind, Signature
from lastmile.exporting.signature.digits import Numbers
from lastmile.exporting.signature.phone import MISSING_TEXT
from lastmile.exporting.signature.refusals import may_be_unseen, unseen, with_value

SMALL = 200
"""Rows of each made set: spread evenly over the sample, so that dates and groups are all there."""

THRESHOLDS = 400
"""At most so many thresholds of a column are asked, each with the numbers on both sides."""

WHOLE_ENDS = (
    *(2**24 + 1, 2**31 - 1, 2**53 + 1, 2**63 - 1),
    *(-(2**24) - 1, -(2**31), -(2**53) - 1, -(2**63)),
)
"""Where whole numbers end: in 32-bit floats, 32-bit integers, 64-bit floats, 64-bit integers."""

_FEW = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """Raw rows that are asked together, or the reason why they cannot be asked.

    Rows so far outside of the sample that no app sends them by right do not decide: how they are
    answered is told only.
    """

    name: str
    rows: pd.DataFrame
    reason: str = ""
    decides: bool = True


def row_sets(
    sample: pd.DataFrame,
    signature: Signature,
    marks: Mapping[str, Any],
    thresholds: Mapping[str, np.ndarray] | None = None,
) -> Iterator[RowSet]:
    """The sample itself, then what a phone may send beyond it.

    `marks` say what a raw row has for a missing value, by column. `thresholds` are numbers at which
    the estimator decides, by column: rows lie at them and one 32-bit step beside them, of at most
    :data:`THRESHOLDS` of a column, spread over all.

    Each column missing in turn, all missing at once that may be; values drawn column by column,
    numbers between those of the sample; texts empty, categories never seen; for each number the
    extremes of the sample, ten times the extremes, zero and the opposite sign, and for whole
    numbers :data:`WHOLE_ENDS`.
    """
    yield RowSet(name="all rows of the sample", rows=sample)
    spread = _spread(sample, SMALL)
    yield from _missing(spread, signature, marks)
    few = _spread(sample, _FEW)
    yield RowSet(name="values drawn column by column", rows=_drawn(sample, signature))
    if any(_is_measured(column) for column in signature.columns):
        yield RowSet(name="numbers between the sample's own", rows=_between(sample, signature))
    for column in signature.columns:
        name = column.name
        if thresholds and name in thresholds and column.kind in (Kind.FLOAT, Kind.INT):
            yield _at_thresholds(sample, column, thresholds[name])
        if column.kind is Kind.STRING and _is_text_of_its_own(sample, column, marks):
            yield RowSet(name=f"`{name}` empty", rows=with_value(spread, column, MISSING_TEXT))
        if may_be_unseen(column):
            rows = with_value(spread, column, unseen(column))
            yield RowSet(name=f"`{name}` never seen", rows=rows)
        if column.kind is Kind.STRING and not column.known:
            yield RowSet(name=f"`{name}` written otherwise", rows=_written(few, column))
        if _is_measured(column):
            yield RowSet(name=f"`{name}` at its extremes", rows=_extremes(sample, few, column))
        if column.kind is Kind.INT:
            yield from _whole_ends(sample, few, column)


def _is_text_of_its_own(sample: pd.DataFrame, column: Column, marks: Mapping[str, Any]) -> bool:
    """Whether the empty text is more than how a phone writes a missing one."""
    has_empty = bool((sample[column.name] == MISSING_TEXT).any())
    mark = marks.get(column.name)
    return has_empty or (isinstance(mark, str) and mark == MISSING_TEXT)


def _missing(
    spread: pd.DataFrame, signature: Signature, marks: Mapping[str, Any]
) -> Iterator[RowSet]:
    everything, count = spread, 0
    for column in signature.columns:
        name = f"`{column.name}` missing"
        if column.name not in marks:
            reason = f"a phone has no missing {column.kind}; the app must always send it"
            yield RowSet(name=name, rows=spread.iloc[:0], reason=reason)
            continue
        mark = marks[column.name]
        yield RowSet(name=name, rows=with_value(spread, column, mark))
        if column.missing is not None:
            everything, count = with_value(everything, column, mark), count + 1
    if count > 1:
        yield RowSet(name="everything missing that can be", rows=everything)


_WRITTEN = (
    str.upper,
    str.title,
    lambda text: text.replace(" ", "  \n"),
    lambda text: f"„{text}”…{text}😀{text}",
    lambda text: text.replace(" ", "–"),
    lambda text: f"{text}é x ł. {text}'s_{text}\u0301",
)
"""Other ways to write a text: capitals, blanks, punctuation, emoji, accents."""


def _written(few: pd.DataFrame, column: Column) -> pd.DataFrame:
    texts = few[column.name].astype(object)
    real = few[texts.map(lambda value: isinstance(value, str))]
    made = [
        real.assign(**{column.name: real[column.name].astype(object).map(change).astype(
            object if real[column.name].dtype == "category" else real[column.name].dtype)})
        for change in _WRITTEN
    ]  # fmt: skip
    return pd.concat(made)


def _extremes(sample: pd.DataFrame, few: pd.DataFrame, column: Column) -> pd.DataFrame:
    series = sample[column.name].dropna().astype(np.float64)
    finite = series[np.isfinite(series)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (-1.0, 1.0)
    points = np.array([low, high, 0.0, -high, 10 * low, 10 * high])
    if column.kind is Kind.INT:
        values: list[Any] = [_whole(float(point)) for point in points]
    else:
        values = Numbers(finite.to_numpy()).like_these(points).tolist()
    values = list(dict.fromkeys(values))
    return pd.concat([with_value(few, column, value) for value in values])


def _whole(value: float) -> int:
    """As a 64-bit integer; what is larger becomes the largest."""
    return max(-(2**63), min(int(value), 2**63 - 1))


def _whole_ends(sample: pd.DataFrame, few: pd.DataFrame, column: Column) -> Iterator[RowSet]:
    """The ends within ten times the sample's largest number decide; those beyond are told."""
    reach = 10.0 * float(sample[column.name].astype(np.float64).abs().max())
    ends = [end for end in WHOLE_ENDS if column.marker is None or abs(end) < 2**53]
    for decides, words in ((True, ""), (False, ", far outside of the sample")):
        values = [value for value in ends if (abs(value) <= reach) is decides]
        if values:
            yield RowSet(
                name=f"`{column.name}` where whole numbers end{words}",
                rows=pd.concat([with_value(few, column, value) for value in values]),
                decides=decides,
            )


def _drawn(sample: pd.DataFrame, signature: Signature) -> pd.DataFrame:
    """Rows whose values come from the sample, but not together."""
    chance = np.random.default_rng(0)
    rows = sample.iloc[np.arange(SMALL) % len(sample)]
    return rows.assign(
        **{
            column.name: sample[column.name]
            .iloc[chance.integers(0, len(sample), SMALL)]
            .set_axis(rows.index)
            for column in signature.columns
        }
    )


def _is_measured(column: Column) -> bool:
    """Whether any number may stand in a column, and not only those of known categories."""
    return column.kind in (Kind.FLOAT, Kind.INT) and not column.known


def _between(sample: pd.DataFrame, signature: Signature) -> pd.DataFrame:
    """Rows drawn as above, each of their numbers anywhere between two neighbours in the sample."""
    chance = np.random.default_rng(1)
    rows = _drawn(sample, signature)
    made: dict[str, pd.Series[Any]] = {}
    for column in filter(_is_measured, signature.columns):
        own = sample[column.name].dropna().astype(np.float64)
        known = np.unique(own[np.isfinite(own)])
        if len(known) < 2:
            continue
        low = chance.integers(0, len(known) - 1, SMALL)
        values = known[low] + chance.random(SMALL) * (known[low + 1] - known[low])
        whole = column.kind is Kind.INT
        if whole:  # the largest f64 below the end of 64-bit integers
            values = np.floor(np.minimum(values, 2.0**63 - 1024)).astype(np.int64)
        else:
            values = Numbers(known).like_these(values)
        made[column.name] = pd.Series(values, index=rows.index)
    return rows.assign(**made)


def _at_thresholds(sample: pd.DataFrame, column: Column, every: np.ndarray) -> RowSet:
    chosen = every[np.unique(np.linspace(0, len(every) - 1, THRESHOLDS).round().astype(int))]
    if column.kind is Kind.INT:
        low = np.floor(np.clip(chosen, -(2.0**53), 2.0**53))
        values = np.unique(np.concatenate([low, low + 1])).astype(np.int64)
    else:
        near = chosen.astype(np.float32)
        with np.errstate(over="ignore"):
            steps = [near, *(np.nextafter(near, np.float32(end)) for end in (np.inf, -np.inf))]
        values = np.unique(np.concatenate(steps)).astype(np.float64)
        values = _as_in(sample[column.name], values[np.isfinite(values)])
    rows = sample.iloc[np.arange(len(values)) % len(sample)]
    rows = rows.assign(**{column.name: pd.Series(values, index=rows.index)})
    shown = f"{len(chosen):,} of its {len(every):,}" if len(chosen) < len(every) else "each of its"
    return RowSet(name=f"`{column.name}` at {shown} thresholds", rows=rows)


def _as_in(series: "pd.Series[Any]", values: np.ndarray) -> np.ndarray:
    """`values` [N] that 32 bits hold, each as people write it: 36.1 for 36.0999985.

    Numbers that are one in 32 bits cannot be told apart by any form. The sample's own come first,
    then numbers with as many decimals.
    """
    own = np.unique(series.dropna().astype(np.float64))
    own = own[np.isfinite(own)]
    if not len(own):
        return values
    numbers = Numbers(own)
    with np.errstate(over="ignore"):
        narrow, first = np.unique(own.astype(np.float32), return_index=True)
        short = numbers.like_these(values)
        short = np.where(short.astype(np.float32) == values, short, values)
    at = np.searchsorted(narrow, values.astype(np.float32)).clip(max=len(narrow) - 1)
    return np.where(narrow[at] == values, own[first[at]], short)


def _spread(sample: pd.DataFrame, count: int) -> pd.DataFrame:
    """At most `count` rows, evenly spread over the sample, the first and the last among them."""
    if len(sample) <= count:
        return sample
    return sample.iloc[np.linspace(0, len(sample) - 1, count).round().astype(int)]
