"""`lastmile export cost`: where the cost of a prediction goes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lastmile.cli.output import note, out, path_shown, say, say_json, say_table
from lastmile.cli.progress import step_progress
from lastmile.cli.state import Door, with_door

if TYPE_CHECKING:
    from lastmile.exporting.cost import Cost

_BAR = 24
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@click.command(
    epilog="""
\b
Examples:
  lastmile export cost rain-tomorrow                     by the steps of its pipeline
  lastmile export cost exports/_built/x-1.0.0/android/X.onnx     by the operators of a file
  lastmile export cost rain-tomorrow --html cost.html    the same as a page
"""
)
@click.argument("what", metavar="NAME|FILE.onnx")
@click.option("--trust", is_flag=True, help="Load files that may run code (pickle, joblib).")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page too.")
@click.option("--json", "as_json", is_flag=True, help="Print the result for programs.")
@with_door
def cost(door: Door, what: str, trust: bool, html: Path | None, as_json: bool) -> None:
    """Count what one prediction costs, without a device: nodes visited, multiply-adds, bytes."""
    from lastmile.jobs.cost import cost_of_export, cost_of_model, write_page

    if what.endswith(".onnx"):
        found = cost_of_model(Path(what))
    else:
        with step_progress(what, quiet=as_json) as on_step:
            on_step("convert to ONNX and count")
            found = cost_of_export(door.workspace, what, trust=trust)
    if as_json:
        say_json(found.to_dict())
    else:
        tell_cost(found)
    if html:
        write_page(html, f"What a prediction of {Path(what).name} costs", found)
        note(f"written: {path_shown(html.resolve())}")


def tell_cost(found: "Cost") -> None:
    """A row for each step, the whole below, and what was counted."""
    from lastmile.exporting.cost.page import HEADINGS, explained, figures

    whole = found.total
    rows = [
        [step.step, _bar(step.weight / whole.weight if whole.weight else 0.0), *figures(step)]
        for step in found.steps
    ]
    say_table(HEADINGS, [*rows, ["all", "", *figures(whole)]])
    say(explained(found), "dim")


def _bar(share: float) -> str:
    """A share with a bar on a terminal."""
    if not out.is_terminal:
        return f"{share:.0%}"
    eighths = round(share * _BAR * 8)
    drawn = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    return f"{drawn:<{_BAR}} {share:>4.0%}"
