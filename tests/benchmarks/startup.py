"""How long the command line takes to answer."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.timing import alternate, command

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent


def rows() -> Iterator[tuple[str, float, float, str, str]]:
    ours, theirs = alternate(
        command(BIN / "lastmile", "--help", cwd=ROOT),
        command(BIN / "papermill", "--help", cwd=ROOT),
    )
    yield "help of the command", ours, theirs, "s", "papermill --help"
