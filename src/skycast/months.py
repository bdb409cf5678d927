"""One month against the same month of other years.

The *normal* of a measure is its mean over those other years. With four years on record that is
a mean of three at most: enough to say what was unlike, too little for a climate.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

MEASURES = {
    "rain": "Rain, total",
    "wet_days": "Wet days",
    "wettest": "Wettest day",
    "dry_spell": "Longest dry spell",
    "high": "Mean of the daily highs",
    "low": "Mean of the daily lows",
    "hottest": "Hottest day",
    "coldest": "Coldest night",
    "wind": "Mean wind",
}


class UnknownMonth(ValueError):
    """A month that is not written as YYYY-MM, or that is not on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A measure of the month, its normal, and its place among all the years (1 = highest)."""

    value: float
    normal: float
    place: int

    @property
    def difference(self) -> float:
        """The value less its normal."""
        return self.value - self.normal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """A month and all that it is compared with.

    `days`: the month's own days. `years`: one row a year, this one included, a column for each of
    `MEASURES`. `measures`: each of `MEASURES` against its normal. `normals`: one row for each of
    the month's days: `high` and `low`, the means around that day, and `record_high` and
    `record_low`, °C. `running`: rain since the first, mm, a row a day and a column a year.
    `calendar`: rain of the twelve months of the year, mm: `rain`, `normal`, `least`, `most`.
    """

    month: pd.Period
    others: tuple[int, ...]
    wet_day: float
    days: pd.DataFrame
    years: pd.DataFrame
    measures: Mapping[str, Against]
    normals: pd.DataFrame
    running: pd.DataFrame
    calendar: pd.DataFrame

    @property
    def name(self) -> str:
        """The month as people say it: `November 2015`."""
        return f"{self.month:%B %Y}"


def compare(
    weather: pd.DataFrame, month: str, *, compare_years: int = 3, wet_day: float = 1.0
) -> Comparison:
    """The month `month` (YYYY-MM) against the `compare_years` nearest other years on record.

    Args:
        weather: what `skycast.data.daily_weather` returns.
        month: such as `2015-11`.
        compare_years: how many other years make the normal; of two equally near the earlier.
        wet_day: a day counts as wet from this much rain, mm.

    Raises:
        UnknownMonth: the month is not on record, or no other year is.
    """
    period = month_on_record(weather, month)
    others = nearest_years(weather, period.year, compare_years)
    years = pd.DataFrame(
        {
            year: summary(days_of(weather, year, period.month), wet_day)
            for year in sorted((*others, period.year))
        }
    ).T.rename_axis("year")
    return Comparison(
        month=period,
        others=others,
        wet_day=wet_day,
        days=days_of(weather, period.year, period.month),
        years=years,
        measures=against_normal(years, period.year),
        normals=daily_normals(weather, period, others),
        running=running_totals(weather, period.month, (*others, period.year)),
        calendar=calendar_totals(weather, period.year, others),
    )


def month_on_record(weather: pd.DataFrame, month: str) -> pd.Period:
    """The month written as YYYY-MM, if the record holds it.

    Raises:
        UnknownMonth: it is written otherwise, or not on record.
    """
    first, last = (f"{weather['date'].iloc[place]:%Y-%m}" for place in (0, -1))
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise UnknownMonth(f"{month!r} is not a month; write it as YYYY-MM, such as {last}")
    if not first <= month <= last:
        raise UnknownMonth(f"{month} is not on record, which runs from {first} to {last}")
    return pd.Period(month, freq="M")


def nearest_years(weather: pd.DataFrame, year: int, count: int) -> tuple[int, ...]:
    """The `count` years on record nearest to `year`, without it, in order.

    Raises:
        UnknownMonth: there is none, or none was asked for.
    """
    known = sorted({int(found) for found in weather["date"].dt.year} - {year})
    nearest = sorted(known, key=lambda other: (abs(other - year), other))[: max(count, 0)]
    if not nearest:
        raise UnknownMonth(f"{year} has no other year to be compared with")
    return tuple(sorted(nearest))


def days_of(weather: pd.DataFrame, year: int, month: int) -> pd.DataFrame:
    """The days of one month."""
    date = weather["date"].dt
    found: pd.DataFrame = weather[(date.year == year) & (date.month == month)]
    return found.reset_index(drop=True)


def summary(days: pd.DataFrame, wet_day: float) -> "pd.Series[float]":
    """The `MEASURES` of a run of days: mm, days, mm, days, °C four times, m/s."""
    rain = days["precipitation"]
    return pd.Series(
        {
            "rain": rain.sum(),
            "wet_days": (rain >= wet_day).sum(),
            "wettest": rain.max(),
            "dry_spell": longest_run(rain < wet_day)[1],
            "high": days["temp_max"].mean(),
            "low": days["temp_min"].mean(),
            "hottest": days["temp_max"].max(),
            "coldest": days["temp_min"].min(),
            "wind": days["wind"].mean(),
        },
        dtype="float64",
    )


def longest_run(flags: "pd.Series[bool]") -> tuple[int, int]:
    """Where the first longest unbroken run of true values starts, and its length."""
    best = start = length = 0
    for place, flag in enumerate(flags):
        length = length + 1 if flag else 0
        if length > best:
            best, start = length, place - length + 1
    return start, best


def against_normal(years: pd.DataFrame, year: int) -> Mapping[str, Against]:
    """Each of `MEASURES` of one year against its mean over the others. `years`: a row a year."""
    found = {}
    for measure in MEASURES:
        column = years[measure]
        value = float(column.loc[year])
        found[measure] = Against(
            value=value,
            normal=float(column.drop(index=year).mean()),
            place=1 + int((column > value + 1e-6).sum()),
        )
    return MappingProxyType(found)


def most(days: pd.DataFrame, column: str) -> tuple[int, float]:
    """The day of the month on which a column is highest, the first of several, and its value."""
    place = int(days[column].to_numpy().argmax())
    return int(days["date"].dt.day.iloc[place]), float(days[column].iloc[place])


def least(days: pd.DataFrame, column: str) -> tuple[int, float]:
    """The day of the month on which a column is lowest, the first of several, and its value."""
    place = int(days[column].to_numpy().argmin())
    return int(days["date"].dt.day.iloc[place]), float(days[column].iloc[place])


def daily_normals(
    weather: pd.DataFrame, month: pd.Period, years: Sequence[int], *, around: int = 3
) -> pd.DataFrame:
    """What is normal for each day of a month, from the days `around` it in other years.

    The seven days around a date smooth what three single days would leave ragged. A date that
    another year does not have (29 February) is counted on from the first of the month.
    """
    by_date = weather.set_index("date")[["temp_max", "temp_min"]]
    reach = pd.Timedelta(days=around)
    rows = {}
    for day in range(1, month.days_in_month + 1):
        centres = [
            pd.Timestamp(year, month.month, 1) + pd.Timedelta(days=day - 1) for year in years
        ]
        near = pd.concat([by_date.loc[centre - reach : centre + reach] for centre in centres])
        rows[day] = {
            "high": near["temp_max"].mean(),
            "low": near["temp_min"].mean(),
            "record_high": near["temp_max"].max(),
            "record_low": near["temp_min"].min(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("day")


def running_totals(weather: pd.DataFrame, month: int, years: Sequence[int]) -> pd.DataFrame:
    """Rain since the first of the month, mm: one row a day, one column a year."""
    columns = {}
    for year in sorted(years):
        days = days_of(weather, year, month)
        columns[year] = days.set_index(days["date"].dt.day)["precipitation"].cumsum()
    return pd.DataFrame(columns).rename_axis(index="day", columns="year")


def calendar_totals(weather: pd.DataFrame, year: int, others: Sequence[int]) -> pd.DataFrame:
    """Rain of each month of `year`, mm, with the mean, least and most of the `others`."""
    date = weather["date"].dt
    totals = weather.groupby([date.year.rename("year"), date.month.rename("month")])[
        "precipitation"
    ].sum()
    table = totals.unstack("year")
    rest = table[list(others)]
    return pd.DataFrame(
        {
            "rain": table[year],
            "normal": rest.mean(axis=1),
            "least": rest.min(axis=1),
            "most": rest.max(axis=1),
        }
    )
