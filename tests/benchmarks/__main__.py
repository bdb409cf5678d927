"""`make bench`: what a user waits for, side by side in one run with what they would use instead.

Each module of this folder has `rows()`, which yields (what, ours, theirs, unit, instead of what).
Machines are shared and noisy, so the ratio is the figure to read.
"""

import sys
from importlib import import_module

from rich.console import Console
from rich.table import Table

BENCHMARKS = ("startup", "rendering", "reports", "prefix", "export", "cost")


def main(names: list[str]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("what", "lastmile", "today", "unit", "ratio", "today is"):
        table.add_column(heading, justify="left" if heading in ("what", "today is") else "right")
    for name in names or BENCHMARKS:
        for what, ours, theirs, unit, instead in import_module(f"tests.benchmarks.{name}").rows():
            table.add_row(
                what, f"{ours:.3g}", f"{theirs:.3g}", unit, f"{theirs / ours:.1f} x", instead
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
