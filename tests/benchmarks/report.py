"""One report, from the command to the page: the example's month."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.timing import alternate, command

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent


def rows() -> Iterator[tuple[str, float, float, str, str]]:
    notebook = ROOT / "notebooks/seattle-weather.ipynb"
    with TemporaryDirectory() as folder:
        executed = Path(folder) / "executed.ipynb"
        papermill = command(
            *(BIN / "papermill", "--no-progress-bar", "-p", "month", "2014-07", notebook, executed),
            cwd=ROOT,
        )
        nbconvert = command(BIN / "jupyter", "nbconvert", "--to", "html", executed, cwd=ROOT)
        run = (BIN / "lastmile", "report", "run", "seattle-weather", "-p", "month=2014-07")
        html_only, both, theirs = alternate(
            command(*run, "--format", "html", cwd=ROOT),
            command(*run, cwd=ROOT),
            lambda: (papermill(), nbconvert()),
            rounds=3,
        )
    today = "papermill, then nbconvert --to html"
    yield "a report as HTML", html_only, theirs, "s", today
    yield "a report as HTML and PDF", both, theirs, "s", f"{today} (no PDF)"
