"""How a fitted estimator forecasts the 365 days of 2015, which it has not seen.

It is judged against two forecasts that need no learning, both made from the days before 2015 only:

- *base rate*: every day the same, the share of wet days;
- *persistence*: tomorrow as today, with the chance that a wet (or a dry) day was followed by rain.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skycast.features import COLUMNS, LABELS, held_out_rows, training_rows
from skycast.scoring import score

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FORECASTS = ("estimator", "persistence", "base rate")
RESAMPLES = 400


def forecasts(estimator: "Pipeline") -> pd.DataFrame:
    """What was forecast for each day of 2015, and what came.

    Columns: `happened` (did it rain), and the chance of rain 0..1 that each of `FORECASTS` gave.
    """
    before, year = training_rows(), held_out_rows()
    place = list(estimator.classes_).index(LABELS[1])
    was_wet = before["precipitation"] > 0
    rained = before["rain"] == LABELS[1]
    after = rained.groupby(was_wet).mean()
    return pd.DataFrame(
        {
            "happened": year["rain"] == LABELS[1],
            "estimator": estimator.predict_proba(year[list(COLUMNS)])[:, place],
            "persistence": (year["precipitation"] > 0).map(after).astype("float64"),
            "base rate": float(rained.mean()),
        },
        index=year.index,
    )


def scores(found: pd.DataFrame) -> pd.DataFrame:
    """The scores of each of `FORECASTS`, a row each, as `skycast.scoring.score` has them."""
    happened = found["happened"].to_numpy()
    table = {name: score(happened, found[name].to_numpy()) for name in FORECASTS}
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("forecast")


def intervals(found: pd.DataFrame, *, seed: int = 2015) -> pd.DataFrame:
    """The 95 % intervals of the estimator's scores. Columns: `low`, `high`.

    A percentile bootstrap of whole weeks: neighbouring days are alike, so that single days would
    promise too much.
    """
    chance = np.random.default_rng(seed)
    weeks = np.array_split(np.arange(len(found)), len(found) // 7)
    happened, forecast = found["happened"].to_numpy(), found["estimator"].to_numpy()
    rows = []
    for _ in range(RESAMPLES):
        picks = chance.integers(len(weeks), size=len(weeks))
        drawn = np.concatenate([weeks[pick] for pick in picks])
        rows.append(score(happened[drawn], forecast[drawn]))
    return pd.DataFrame(rows).quantile([0.025, 0.975]).T.set_axis(["low", "high"], axis=1)


def calibration(found: pd.DataFrame, *, groups: int = 6) -> pd.DataFrame:
    """Whether 30 % means 30 %: days grouped by forecast chance, about as many in each.

    Columns: `days`, `forecast` (mean chance), `happened` (share of wet days), and `low`, `high`,
    the 95 % interval of that share (Wilson 1927, score interval).
    """
    group = pd.qcut(found["estimator"], groups, labels=False, duplicates="drop")
    grouped = found.groupby(group)
    days = grouped.size()
    share = grouped["happened"].mean()
    z = 1.959964
    centre = (share + z**2 / (2 * days)) / (1 + z**2 / days)
    half = z / (1 + z**2 / days) * np.sqrt(share * (1 - share) / days + z**2 / (4 * days**2))
    return pd.DataFrame(
        {
            "days": days,
            "forecast": grouped["estimator"].mean(),
            "happened": share,
            "low": centre - half,
            "high": centre + half,
        }
    ).rename_axis("group")


def confusion(found: pd.DataFrame) -> pd.DataFrame:
    """How many days were forecast (columns) and came (rows) `dry` and `rain`."""
    words = {False: LABELS[0], True: LABELS[1]}
    table = pd.crosstab(
        found["happened"].map(words).rename("came"),
        (found["estimator"] > 0.5).map(words).rename("forecast"),
    )
    return table.reindex(index=list(LABELS), columns=list(LABELS), fill_value=0)


def without_each(estimator: "Pipeline") -> "pd.Series[float]":
    """The log loss on 2015 when one column is not known, by column; worst first.

    A number that is not known is NaN, a word is empty, a month is 0.
    """
    year = held_out_rows()
    happened = (year["rain"] == LABELS[1]).to_numpy()
    place = list(estimator.classes_).index(LABELS[1])
    found = {}
    for column in COLUMNS:
        unknown: Any = {"weather": "", "month": 0}.get(column, np.nan)
        rows = year[list(COLUMNS)].assign(**{column: unknown})
        found[column] = score(happened, estimator.predict_proba(rows)[:, place])["log_loss"]
    return pd.Series(found, name="log_loss").sort_values(ascending=False)


def roc(found: pd.DataFrame) -> pd.DataFrame:
    """The receiver operating characteristic: `false_alarms` and `hits`, 0..1, by threshold."""
    from sklearn.metrics import roc_curve

    false_alarms, hits, threshold = roc_curve(found["happened"], found["estimator"])
    return pd.DataFrame({"false_alarms": false_alarms, "hits": hits, "threshold": threshold})


def kinds_by_year(weather: pd.DataFrame) -> pd.DataFrame:
    """How many days of each kind of weather every year has: one row a kind, one column a year."""
    return pd.crosstab(weather["weather"], weather["date"].dt.year.rename("year"))
