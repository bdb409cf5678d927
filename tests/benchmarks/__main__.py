"""`make bench`: what a user waits for, side by side in one run with what they would use instead.

Each module of this folder has `rows()`, which yields (what, ours, theirs, unit, instead of what),
and behind that the target where there is one: a sign and a ratio, as in ">= 6.5".
Machines are shared and noisy, so the ratio is the figure to read. One row set alone:
`python -m tests.benchmarks reports`.
"""

import sys
from importlib import import_module

from rich.console import Console
from rich.table import Table

BENCHMARKS = (
    *("startup", "rendering", "reports", "prefix", "schedule", "export", "cost", "onnx", "coreml"),
)


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("what", "lastmile", "today", "unit", "ratio", "target", "today is"):
        table.add_column(heading, justify="left" if heading in ("what", "today is") else "right")
    for name in names or BENCHMARKS:
        for row in import_module(f"tests.benchmarks.{name}").rows():
            what, ours, theirs, unit, instead, *target = row
            ratio = theirs / ours if ours else float("nan")
            judged = judge(ratio, *target) if target else ""
            table.add_row(
                what, f"{ours:.3g}", f"{theirs:.3g}", unit, f"{ratio:.3g} x", judged, instead
            )
            print(f"  {what}: {ratio:.3g} x {judged}", file=sys.stderr, flush=True)
    Console(width=140).print(table)


def judge(ratio: float, target: str) -> str:
    """The target, and whether it is met."""
    sign, bound = target.split()
    met = ratio >= float(bound) if sign == ">=" else ratio <= float(bound)
    return f"{sign} {bound} {'met' if met else 'MISSED'}"


if __name__ == "__main__":
    main(sys.argv[1:])
