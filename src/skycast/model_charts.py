"""Charts of how good the forecast of rain is: each draws what `skycast.evaluation` found.

Every function returns the figure and the text for those who cannot see it.
"""

from typing import TYPE_CHECKING

import pandas as pd

from skycast import evaluation
from skycast.charts import BLUE, DASHED, GREY, INK, MONTHS, PALE, SKY, name_lines, new, note, title
from skycast.units import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Chart = tuple["Figure", str]


def candidates(scores: pd.DataFrame) -> Chart:
    """The log loss of every candidate with its spread; `scores` from `skycast.training.compare`."""
    figure, axes = new(height=3.3)
    shown = scores.iloc[::-1]
    names, losses, spread = list(shown.index), shown["log_loss"], shown["spread"]
    place = range(len(shown))
    marks = {names[-1]: BLUE, "base rate": INK}
    axes.hlines(place, losses - spread, losses + spread, color=PALE, linewidth=3)
    axes.scatter(losses, place, color=[marks.get(name, SKY) for name in names], s=42, zorder=3)
    for height, loss in zip(place, losses, strict=True):
        note(axes, f"{loss:.3f}", (loss, height), GREY, shift=(0, 8), ha="center", fontsize=7.5)
    axes.set_yticks(place, names)
    axes.set_ylim(-0.6, len(shown) - 0.2)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Log loss (nats), mean of five splits; lower is better")
    lead = losses.iloc[-2] - losses.iloc[-1]
    clear = "beyond" if lead > spread.iloc[-1] else "within"
    family = names[-1].partition(", ")[0].capitalize()
    title(
        axes,
        f"{family} forecasts best, {clear} the spread of the splits",
        "Each candidate forecast days after those it learned from; bars: one standard deviation",
    )
    said = "; ".join(f"{name} {loss:.3f}" for name, loss in scores["log_loss"].items())
    return figure, f"Log loss of each candidate, best first: {said}."


def roc(found: pd.DataFrame) -> Chart:
    """Hits against false alarms, for the estimator and for `tomorrow as today`."""
    figure, axes = new()
    curve = evaluation.roc(found)
    area = float(evaluation.scores(found)["roc_auc"].loc["estimator"])
    happened, usual = found["happened"], found["persistence"] > 0.5
    false_alarms, hits = float(usual[~happened].mean()), float(usual[happened].mean())
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1.2, linestyle=DASHED)
    axes.plot(curve["false_alarms"], curve["hits"], color=BLUE, linewidth=2.2)
    axes.plot(false_alarms, hits, "D", color=INK, markersize=6)
    note(axes, "tomorrow as today", (false_alarms, hits), INK, shift=(9, -8))
    note(axes, f"estimator: area {area:.3f}", (0.02, 0.94), BLUE, weight="bold")
    note(axes, "a coin", (0.6, 0.55), GREY)
    axes.set(xlim=(-0.01, 1.01), ylim=(0, 1.02))
    axes.set_xlabel("False alarms: share of the dry days for which rain was forecast")
    axes.set_ylabel("Hits: share of the wet days")
    title(
        axes,
        f"A wet day gets a higher chance than a dry one in {percent(area)} of all pairs",
        f"{happened.sum()} wet and {(~happened).sum()} dry days of 2015, over all thresholds",
    )
    said = f"{percent(hits)} hits at {percent(false_alarms)} false alarms"
    return figure, f"ROC curve with an area of {area:.3f}; tomorrow as today gives {said}."


def calibration(found: pd.DataFrame, *, groups: int = 6) -> Chart:
    """Forecast chance against what happened, in groups of about as many days each."""
    figure, axes = new()
    table = evaluation.calibration(found, groups=groups)
    forecast, happened, low, high = (
        table[name] for name in ("forecast", "happened", "low", "high")
    )
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1.2, linestyle=DASHED)
    axes.vlines(forecast, low, high, color=SKY, linewidth=3)
    axes.plot(forecast, happened, "o", color=BLUE, markersize=7)
    note(axes, "as forecast", (0.96, 0.96), GREY, shift=(-12, 0), ha="right")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_xlabel("Chance of rain that was forecast")
    axes.set_ylabel("Share of days on which it rained")
    inside = int(((low <= forecast) & (forecast <= high)).sum())
    title(
        axes,
        f"In {inside} of {len(table)} groups the forecast chance agrees with what came",
        f"Groups of {table['days'].min()} to {table['days'].max()} days of 2015; "
        "bars: 95 % interval of the share",
    )
    pairs = zip(forecast, happened, strict=True)
    said = "; ".join(f"{percent(chance)} forecast, {percent(came)} came" for chance, came in pairs)
    return figure, f"Calibration by group: {said}."


def months(found: pd.DataFrame) -> Chart:
    """The forecast chance through the year: mean of each month against the share of wet days."""
    figure, axes = new()
    number = found.index.to_series().dt.month
    monthly = found.groupby(number)[["happened", "estimator", "base rate"]].mean()
    came, chance, base = (monthly[name] for name in ("happened", "estimator", "base rate"))
    axes.bar(monthly.index, came, color=SKY, width=0.62)
    axes.plot(monthly.index, chance, "o-", color=BLUE, markersize=4.5)
    axes.plot(monthly.index, base, color=INK, linewidth=1.1, linestyle=DASHED)
    axes.set_xlim(0.5, 12.5)
    ends = {"estimator": (float(chance.iloc[-1]), BLUE), "base rate": (float(base.iloc[-1]), INK)}
    name_lines(axes, 12.5, ends)
    axes.set_xticks(range(1, 13), MONTHS)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("Share of days, mean chance")
    worst = pd.Timestamp(2015, 1 + int((chance - came).abs().to_numpy().argmax()), 1)
    title(
        axes,
        f"The forecast follows the seasons; it was furthest off in {worst:%B}",
        "Bars: share of days of 2015 on which it rained; line: mean of the chances forecast",
    )
    rows = zip(MONTHS, came, chance, strict=True)
    said = "; ".join(f"{name} {percent(wet)} and {percent(mean)}" for name, wet, mean in rows)
    return figure, f"Share of wet days and mean forecast chance by month: {said}."
