"""Seattle's weather, day by day, from 1 January 2012 to 31 December 2015.

The days come from NOAA's station at Seattle-Tacoma airport and stand in a file inside the package
`vega_datasets`; nothing is fetched from anywhere.
"""

import pandas as pd

KINDS = ("drizzle", "fog", "rain", "snow", "sun")
NUMBERS = ("precipitation", "temp_max", "temp_min", "wind")


class BadWeather(ValueError):
    """The days that were read are not a whole, plausible record."""


def daily_weather() -> pd.DataFrame:
    """Every day on record, one row a day, in order.

    Columns: `date` (midnight), `precipitation` mm, `temp_max` and `temp_min` °C, `wind` m/s,
    `weather` (one of `KINDS`).

    Raises:
        BadWeather: a column or day is missing, or a value cannot be.
    """
    from vega_datasets import data

    return checked(data.seattle_weather())


def checked(days: pd.DataFrame) -> pd.DataFrame:
    """The same days if they are a whole record: typed, in order, no gap, every value possible.

    Raises:
        BadWeather: with all that is wrong.
    """
    lacking = [name for name in ("date", *NUMBERS, "weather") if name not in days.columns]
    if lacking:
        raise BadWeather(f"the weather lacks {', '.join(lacking)}")
    days = days[["date", *NUMBERS, "weather"]].reset_index(drop=True)
    days = days.astype({"date": "datetime64[us]"} | dict.fromkeys(NUMBERS, "float64"))
    wrong = [what for what, found in _faults(days).items() if found]
    if wrong:
        raise BadWeather("the weather is not a whole record: " + "; ".join(wrong))
    return days


def _faults(days: pd.DataFrame) -> dict[str, bool]:
    steps = days["date"].diff().iloc[1:]
    unknown = sorted(set(days["weather"].dropna()) - set(KINDS))
    return {
        "it has no day": days.empty,
        "a value is missing": bool(days.isna().any(axis=None)),
        "the days are not consecutive": bool((steps != pd.Timedelta(days=1)).any()),
        f"the weather kind {', '.join(unknown)} is unknown": bool(unknown),
        "precipitation or wind is negative": bool(
            (days[["precipitation", "wind"]] < 0).any(axis=None)
        ),
        "a night is warmer than its day": bool((days["temp_min"] > days["temp_max"]).any()),
    }
