"""A day as the estimator reads it, and whether the day after it was wet.

A *raw row* is what a phone knows of today: four numbers, the kind of weather as a word, and the
month. Nothing is prepared outside the estimator: imputation, scaling and encoding are its own.
"""

import pandas as pd

from skycast.data import NUMBERS, daily_weather

COLUMNS = (*NUMBERS, "weather", "month")
LABELS = ("dry", "rain")


def raw_rows(weather: pd.DataFrame) -> pd.DataFrame:
    """One raw row a day.

    Columns: `precipitation` mm, `temp_max` and `temp_min` °C, `wind` m/s (float64), `weather`
    (text), `month` 1..12 (int64).
    """
    rows = weather[[*NUMBERS, "weather"]].copy()
    rows["month"] = weather["date"].dt.month.astype("int64")
    return rows


def sample() -> pd.DataFrame:
    """The raw rows of all 1,461 days on record, without the answer."""
    return raw_rows(daily_weather())


def labelled(weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """Raw rows with the answer, indexed by the day that is forecast.

    Columns: those of `raw_rows`, and `rain`: `rain` if more than 0 mm fell on the day forecast,
    else `dry`. The last day on record is missing as a row, since its tomorrow is not known.
    """
    weather = daily_weather() if weather is None else weather
    rows = raw_rows(weather)
    wet = weather["precipitation"].shift(-1) > 0
    rows["rain"] = wet.map({False: LABELS[0], True: LABELS[1]})
    rows.index = pd.DatetimeIndex(weather["date"] + pd.Timedelta(days=1), name="day")
    return rows.iloc[:-1]


def training_rows(weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """The labelled rows whose day forecast lies before 2015."""
    return labelled(weather).loc[:"2014"]


def held_out_rows(weather: pd.DataFrame | None = None) -> pd.DataFrame:
    """The labelled rows that forecast the 365 days of 2015, which no training sees."""
    return labelled(weather).loc["2015":]
