"""The report `candidates`: its words, its table and its chart."""

import io
from typing import TYPE_CHECKING

import pandas as pd

from lastmile.exporting.candidates.choice import choose
from lastmile.exporting.candidates.compare import Candidate, Found, over_budget
from lastmile.exporting.cost import show_time
from lastmile.values import show_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas.io.formats.style import Styler

_INK, _GREY, _BLUE, _RED = "#22303c", "#8a949e", "#2a6f97", "#b23a48"


def summary(found: Found) -> str:
    """Which candidate to take and why, in Markdown."""
    choice = choose(found)
    judged = (
        f"Judged by `{found.metric}` (higher is better) on {found.splits} parts of "
        f"{found.rows:,} rows; the time of one row is ONNX Runtime's on {found.machine}."
    )
    if choice.chosen is None:
        return f"**No candidate can be exported within the budget.** {judged}"
    chosen, best = choice.chosen, choice.best
    figures = f"{show_time(chosen.latency)} a row, {show_size(chosen.size)}"
    if chosen.name == best.name:
        told = f"**Take {chosen.name}**: it is the best, and no cheaper one is as good ({figures})."
        return f"{told} {judged}"
    why = (
        f"Its score {chosen.score:.4g} is within one standard error of the best one within the "
        f"budget, and it costs least ({figures})."
    )
    rest = f"The best of all is {best.name}: {best.score:.4g} ± {best.error:.2g}, "
    rest += (
        f"{show_time(best.latency)} a row, {show_size(best.size)}."
        if not best.refused
        else "which cannot be exported."
    )
    return f"**Take {chosen.name}.** {why} {rest} {judged}"


def table(found: Found) -> "Styler":
    """Every candidate, best first."""
    choice = choose(found)
    chosen = choice.chosen.name if choice.chosen else ""
    rows = {
        f"{at}. {one.name}": _row(one, found, chosen) for at, one in enumerate(found.candidates, 1)
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    caption = f"Candidates by {found.metric}, best first; ± one standard error of the mean"
    return frame.style.set_uuid("candidates").set_caption(caption)


def _row(one: Candidate, found: Found, chosen: str) -> dict[str, str]:
    over = over_budget(one, found.budget)
    verdict = "cheapest as good" if one.name == chosen else "within" if not over else ""
    if over:
        verdict = f"over: {', '.join(over)}"
    if one.refused:
        verdict = f"cannot be exported: {one.refused}"
    known = not one.refused
    return {
        "Score": f"{one.score:.4f} ± {one.error:.4f}",
        "One row": show_time(one.latency) if known else "",
        "Graph": show_size(one.size) if known else "",
        "Budget": verdict,
    }


def chart(found: Found) -> None:
    """Display quality against time, and against size, with the lines of the budget."""
    import matplotlib.pyplot as plt
    from IPython import display

    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9.2, 4.2), sharey=True, layout="constrained"
    )
    shown = [one for one in found.candidates if not one.refused]
    chosen = choose(found).chosen
    _draw(left, shown, found, chosen, [1000 * one.latency for one in shown])
    _draw(right, shown, found, chosen, [one.size / 1000 for one in shown])
    left.set(xlabel="one row, ms", ylabel=f"{found.metric}, ± one standard error")
    right.set(xlabel="graph, kB")
    if found.budget.latency:
        _limit(left, 1000 * found.budget.latency)
    if found.budget.size:
        _limit(right, found.budget.size / 1000)
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    plt.close(figure)
    alt = "; ".join(
        f"{one.name}: {one.score:.4g}, {show_time(one.latency)}, {show_size(one.size)}"
        for one in shown
    )
    caption = (
        "Quality against the time of one row and against size; filled points are within the budget"
    )
    display.display(  # type: ignore[no-untyped-call]
        {"image/svg+xml": drawn.getvalue(), "text/plain": alt},
        raw=True,
        metadata={"image/svg+xml": {"alt": alt, "caption": caption}},
    )


def _draw(
    axes: "Axes", shown: list[Candidate], found: Found, chosen: Candidate | None, x: list[float]
) -> None:
    """One point for each candidate: filled within the budget, numbered in the table's order."""
    numbers = {one.name: at for at, one in enumerate(found.candidates, 1)}
    for one, place in zip(shown, x, strict=True):
        within = not over_budget(one, found.budget)
        colour = _BLUE if chosen and one.name == chosen.name else _INK
        axes.errorbar(place, one.score, yerr=one.error, color=_GREY, linewidth=1, zorder=1)
        axes.plot(
            place, one.score, "o", color=colour, markersize=8, zorder=3,
            markerfacecolor=colour if within else "white",
        )  # fmt: skip
        axes.annotate(
            str(numbers[one.name]),
            (place, one.score),
            xytext=(6, 5),
            textcoords="offset points",
            color=colour,
        )
    if shown:
        axes.set_xscale("log")
    axes.spines[["top", "right"]].set_visible(False)


def _limit(axes: "Axes", at: float) -> None:
    """A line of the budget."""
    axes.axvline(at, color=_RED, linestyle=(0, (4, 3)), linewidth=1.2)
    axes.annotate(
        "budget",
        (at, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4, -10),
        textcoords="offset points",
        ha="right",
        color=_RED,
    )
