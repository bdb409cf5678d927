"""Four charts of a month: each draws what `skycast.months.compare` found, and nothing else.

Every function returns the figure and the text for those who cannot see it.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from skycast import words
from skycast.charts import (
    BLUE,
    DASHED,
    FAINT,
    GREY,
    INK,
    MONTHS,
    PALE,
    SKY,
    VERMILION,
    name_lines,
    new,
    title,
)
from skycast.months import Comparison
from skycast.units import Units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

Chart = tuple["Figure", str]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def running_rain(seen: Comparison, units: Units) -> Chart:
    """Rain since the first of the month: this year against each of the others."""
    figure, axes = new()
    ends: dict[str, tuple[float, str]] = {}
    for year in (*seen.others, seen.month.year):
        metric = seen.running[year].dropna()
        line = units.rain.value(metric)
        own = year == seen.month.year
        axes.step(
            [0, *line.index],
            [0, *line],
            where="post",
            color=BLUE if own else PALE,
            linewidth=2.4 if own else 1.4,
        )
        ends[f"{year}: {units.rain.text(metric.iloc[-1])}"] = (
            float(line.iloc[-1]),
            BLUE if own else GREY,
        )
    axes.set_ylim(0, max(1e-3, *(height for height, _ in ends.values())) * 1.06)
    axes.set_xlim(0, len(seen.days) + 0.3)
    name_lines(axes, len(seen.days) + 0.3, ends)
    _day_axis(axes, seen)
    axes.set_ylabel(f"Rain since the 1st ({units.rain.unit})")
    title(axes, words.rain_headline(seen, units), f"Each line is a {seen.month:%B}")
    said = "; ".join(ends)
    return figure, f"Line chart of the rain since the first of the month. At its end: {said}."


def calendar(seen: Comparison, units: Units) -> Chart:
    """The month as a calendar page: a square a day, the darker the wetter."""
    figure, axes = new(height=3.2)
    date, rain = seen.days["date"].dt, seen.days["precipitation"]
    first = seen.month.start_time.weekday()
    most = max(float(rain.max()), 1.0)
    for day, fallen in zip(date.day, rain, strict=True):
        week, weekday = divmod(day + first - 1, 7)
        _square(axes, (weekday, week), (fallen / most) ** 0.6, str(day), units.rain.number(fallen))
    for column, name in enumerate(_WEEKDAYS):
        axes.text(column - 0.44, -0.6, name, color=GREY, fontsize=8.5)
    weeks = (len(seen.days) + first - 1) // 7
    axes.set(xlim=(-0.45, 6.45), ylim=(weeks + 0.45, -0.85))
    axes.set_axis_off()
    unit, enough = units.rain.unit, units.rain.text(seen.wet_day)
    title(
        axes,
        f"{words.wet_share(seen)} of {seen.name} were wet",
        f"Rain on each day ({unit}); a wet day has {enough} or more",
    )
    by_day = zip(date.day, rain, strict=True)
    said = ", ".join(f"{day}: {units.rain.number(fallen)}" for day, fallen in by_day)
    return figure, f"Calendar of the month with the rain of each day ({unit}). {said}."


def temperatures(seen: Comparison, units: Units) -> Chart:
    """Each day's high and low against what is normal around that day."""
    figure, axes = new()
    degrees = units.temperature
    day = seen.days["date"].dt.day.to_numpy()
    high, low = (degrees.value(seen.days[name]).to_numpy() for name in ("temp_max", "temp_min"))
    normal = seen.normals.apply(degrees.value)
    axes.fill_between(day, normal["record_low"], normal["record_high"], color=FAINT, linewidth=0)
    for name, ink in (("high", VERMILION), ("low", BLUE)):
        axes.plot(day, normal[name], color=ink, linewidth=1.1, linestyle=DASHED)
    axes.vlines(day, low, high, color=PALE, linewidth=3.2)
    axes.plot(day, high, "o", color=VERMILION, markersize=4.2)
    axes.plot(day, low, "o", color=BLUE, mfc="white", markersize=4.2, markeredgewidth=1.4)
    ends = {
        "high": (float(high[-1]), VERMILION),
        "normal high": (float(normal["high"].iloc[-1]), VERMILION),
        "low": (float(low[-1]), BLUE),
        "normal low": (float(normal["low"].iloc[-1]), BLUE),
    }
    name_lines(axes, len(day) + 0.6, ends)
    axes.set_xlim(0.4, len(day) + 0.6)
    _day_axis(axes, seen)
    axes.set_ylabel(f"Temperature ({degrees.unit})")
    others, finding = words.listed(seen.others), words.warmth(seen, units)
    reading = f"Dashed: mean of the seven days around that date in {others}; grey: their range"
    title(axes, finding, reading)
    return figure, f"Highs and lows of each day. {finding}. {words.extremes(seen, units)}"


def year_around(seen: Comparison, units: Units) -> Chart:
    """The rain of all twelve months of the year, against the range of the other years."""
    figure, axes = new()
    table = seen.calendar * units.rain.factor
    place = np.arange(12)
    inks = [BLUE if number == seen.month.month else SKY for number in table.index]
    axes.bar(place, table["rain"], color=inks, width=0.5)
    beside = place + 0.36
    axes.vlines(beside, table["least"], table["most"], color=GREY, linewidth=1.2)
    axes.plot(beside, table["normal"], "_", color=INK, markersize=7, markeredgewidth=2)
    axes.set_xticks(place, MONTHS)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel(f"Rain in the month ({units.rain.unit})")
    above = int((table["rain"] > table["normal"]).sum())
    year, others = seen.month.year, words.listed(seen.others)
    title(
        axes,
        f"{words.spelled(above).capitalize()} of twelve months in {year} were wetter than normal",
        f"Bars: {year}; beside them mean, least and most of {others}",
    )
    by_month = zip(MONTHS, seen.calendar["rain"], strict=True)
    said = ", ".join(f"{name} {units.rain.number(rain)}" for name, rain in by_month)
    return figure, f"Bars of the rain of each month ({units.rain.unit}): {said}."


def _day_axis(axes: "Axes", seen: Comparison) -> None:
    axes.set_xticks([1, 5, 10, 15, 20, 25, len(seen.days)])
    axes.set_xlabel(f"Day of {seen.name}")


def _square(
    axes: "Axes", place: tuple[int, int], strength: float, day: str, amount: str
) -> "Patch":
    """One day of the calendar. `strength`: 0 dry to 1 the wettest day."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import FancyBboxPatch

    column, row = place
    shades = LinearSegmentedColormap.from_list("rain", ["#F3F6F8", SKY, BLUE, "#002F52"])
    shape: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.06", "edgecolor": "none"}
    ink = "white" if strength > 0.55 else INK
    middle: dict[str, Any] = {"color": ink, "va": "center"}
    axes.text(column - 0.4, row - 0.2, day, fontsize=7.5, **middle)
    if strength > 0:
        axes.text(column + 0.38, row + 0.13, amount, ha="right", weight="bold", **middle)
    corner = (column - 0.45, row - 0.42)
    box = FancyBboxPatch(corner, 0.9, 0.84, facecolor=shades(strength), **shape)
    return axes.add_patch(box)
