"""Plain tables: numbers as they are read, no colour, the same bytes in every run."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from skycast.months import MEASURES, Comparison
from skycast.units import Units, percent, rounded

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

Formats = Mapping[str, Callable[[Any], str]]


def plain(frame: pd.DataFrame, caption: str, formats: Formats | None = None) -> "Styler":
    """A table with a caption; `formats` says by column how a value is written."""
    name = "".join(word[0] for word in caption.lower().split() if word[0].isalnum())
    frame = frame.rename_axis(index=None, columns=None)
    return frame.style.set_uuid(f"table-{name}").set_caption(caption).format(dict(formats or {}))


def measures(seen: Comparison, units: Units) -> "Styler":
    """Each measure of the month: its value, normal, difference and place among the years."""
    rows = {}
    for name, against in seen.measures.items():
        show, apart, unit = _writers(name, units)
        rows[_row_name(name, unit)] = {
            seen.name: show(against.value),
            "Normal": show(against.normal),
            "Difference": apart(against.difference),
            f"Place of {len(seen.years)}": str(against.place),
        }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    span = ", ".join(str(year) for year in seen.others)
    return plain(frame, f"{seen.name} against the normal of {span} (place 1 is the highest)")


def years(seen: Comparison, units: Units) -> "Styler":
    """The same month in every year that was compared, a column a year."""
    rows = {}
    for name, row in seen.years.T.iterrows():
        show, _, unit = _writers(str(name), units)
        rows[_row_name(str(name), unit)] = {str(year): show(row[year]) for year in row.index}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return plain(frame, f"Every {seen.month:%B} that was compared")


def days(seen: Comparison, units: Units) -> "Styler":
    """Every day of the month as it was recorded."""
    recorded, degrees = seen.days, units.temperature
    frame = pd.DataFrame(
        {
            f"Rain ({units.rain.unit})": recorded["precipitation"].map(units.rain.number),
            f"High ({degrees.unit})": recorded["temp_max"].map(degrees.number),
            f"Low ({degrees.unit})": recorded["temp_min"].map(degrees.number),
            f"Wind ({units.wind.unit})": recorded["wind"].map(units.wind.number),
            "Kind": recorded["weather"],
        }
    )
    frame.index = pd.Index([f"{date:%a} {date.day}" for date in recorded["date"]])
    return plain(frame, f"The days of {seen.name}")


def scores(frame: pd.DataFrame, caption: str) -> "Styler":
    """Log loss, Brier score and ROC area to three decimals, accuracy in per cent with one."""
    words = {
        "log_loss": "Log loss",
        "spread": "Spread",
        "brier": "Brier score",
        "roc_auc": "ROC area",
        "accuracy": "Accuracy",
        "low": "Low",
        "high": "High",
    }
    shown = frame.rename(columns=words, index=words)
    formats: dict[str, Callable[[Any], str]] = dict.fromkeys(shown.columns, "{:.3f}".format)
    if "Accuracy" in formats:
        formats["Accuracy"] = lambda share: percent(share, 1)
    return plain(shown, caption, formats)


def confusion(table: pd.DataFrame) -> "Styler":
    """Days by what came and what was forecast; `table` from `skycast.evaluation.confusion`."""
    named = table.rename(index="came {}".format, columns="forecast {}".format)
    return plain(named, "Days of 2015 by what was forecast (columns) and what came (rows)")


def _row_name(measure: str, unit: str) -> str:
    name = MEASURES[measure]
    return name if name.lower().endswith(unit) else f"{name} ({unit})"


def _writers(
    measure: str, units: Units
) -> tuple[Callable[[float], str], Callable[[float], str], str]:
    """How a value of a measure and a difference are written, and the unit."""
    if measure in ("wet_days", "dry_spell"):
        return (
            lambda days: rounded(days, 0 if float(days).is_integer() else 1),
            lambda days: rounded(days, 1, sign=True),
            "days",
        )
    if measure in ("rain", "wettest"):
        unit = units.rain
    elif measure == "wind":
        unit = units.wind
    else:
        unit = units.temperature
    return unit.number, unit.signed, unit.unit
