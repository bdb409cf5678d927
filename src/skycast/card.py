"""The words and small tables of the model card, computed from its figures."""

import pandas as pd

from skycast.data import KINDS
from skycast.evaluation import kinds_by_year, scores
from skycast.training import BASE_RATE, winner
from skycast.units import percent, rounded

_INPUTS = {
    "precipitation": ("number", "rain of today in mm"),
    "temp_max": ("number", "highest temperature of today in °C"),
    "temp_min": ("number", "lowest temperature of today in °C"),
    "wind": ("number", "mean wind of today in m/s"),
    "weather": ("text", f"kind of weather today: {', '.join(KINDS)}"),
    "month": ("whole number", "month of today, 1 to 12"),
}


def inputs() -> pd.DataFrame:
    """The raw columns: `Type` and `Meaning`."""
    return pd.DataFrame.from_dict(_INPUTS, orient="index", columns=["Type", "Meaning"])


def summary(candidates: pd.DataFrame, judged: pd.DataFrame) -> str:
    """Which estimator it is, and how it does against forecasts that need no learning."""
    best = winner(candidates)
    table = judged.to_dict("index")
    ours, usual, base = (table[name] for name in ("estimator", "persistence", BASE_RATE))
    gain = percent(1 - ours["log_loss"] / base["log_loss"])
    return (
        f"It is **{best}**. On the days of 2015 it is right on **{percent(ours['accuracy'], 1)}** "
        f"of them; always saying `dry` is right on {percent(base['accuracy'], 1)}, and saying "
        f"*tomorrow as today* on {percent(usual['accuracy'], 1)}. So its plain yes or no is "
        f"{_than(ours['accuracy'] - usual['accuracy'])} than that rule of thumb. Its chances are "
        f"worth more: their log loss is {ours['log_loss']:.3f}, against {usual['log_loss']:.3f} "
        f"for tomorrow as today and {base['log_loss']:.3f} for the base rate ({gain} lower)."
    )


def cost(taken: pd.DataFrame, size: int) -> str:
    """Size of the graph and the two latencies. `taken`: ms, from `skycast.cost.one_answer`."""
    median = taken["median"].to_dict()
    plain, onnx = median["scikit-learn"], median["ONNX Runtime"]
    return (
        f"The ONNX graph takes **{size / 1000:.1f} kB**. One answer takes "
        f"{onnx:.2f} ms with ONNX Runtime and {plain:.2f} ms with scikit-learn, "
        f"{rounded(plain / onnx, 0)} times as long, on the machine that made this report."
    )


def latency(taken: pd.DataFrame) -> pd.DataFrame:
    """The same figures as texts, in ms."""
    words = {"median": "Median", "p95": "95 of 100 below"}
    return taken.rename(columns=words).map("{:.3f}".format)


def columns(found: pd.DataFrame, without: "pd.Series[float]") -> pd.DataFrame:
    """The log loss with every column and without each; `without` from `without_each`."""
    known = float(scores(found)["log_loss"].loc["estimator"])
    table = pd.DataFrame(
        {
            "Log loss": without.map("{:.3f}".format),
            "Worse by": [rounded(loss - known, 3) for loss in without],
        }
    )
    table.loc["nothing is missing"] = [f"{known:.3f}", ""]
    return table


def limits(found: pd.DataFrame, weather: pd.DataFrame) -> str:
    """What nobody should expect of it, as a list in Markdown."""
    kinds = kinds_by_year(weather).to_dict("index")
    rain, fog = kinds["rain"], kinds["fog"]
    wet = found[found["happened"]]
    missed = int((wet["estimator"] < 0.2).sum())
    return "\n".join(
        (
            "- **One place.** It knows the airport of Seattle and nothing of any other climate.",
            "- **One day back.** It sees today only: no pressure, no humidity, no radar, and no "
            "weather service's forecast. A real forecast is far better; use that if you have it.",
            "- **Four years.** It learned from 2012 to 2014 and was judged on 2015, one year. "
            "The intervals above say how little that settles.",
            f"- **It misses rain.** On {missed} of the {len(wet)} wet days of 2015 it gave a "
            f"chance below {percent(0.2)}.",
            "- **The words changed.** The kind of weather was not recorded alike in all years: "
            f"{rain[2012]} days were called *rain* in 2012 and {rain[2015]} in 2015, {fog[2012]} "
            f"and {fog[2015]} were called *fog*. What the word is worth stands in a table above. A "
            "word that it does not know counts as none.",
            "- **Missing numbers** are replaced with the median of the days it learned from. That "
            "gives an answer, not a good one.",
        )
    )


def _than(gain: float) -> str:
    """How much better a share is than another, in points of a hundred."""
    points = rounded(abs(gain) * 100, 1)
    if not float(points):
        return "no better"
    word = "better" if gain > 0 else "worse"
    return f"{'only ' if abs(gain) < 0.02 else ''}{points} points {word}"
