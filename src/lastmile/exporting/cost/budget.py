"""What a graph may cost, what it does cost here, and where that goes."""

from collections.abc import Callable, Iterator

from lastmile.errors import LastmileError, OverBudget, raise_faults
from lastmile.exporting.cost.counting import Cost, StepCost
from lastmile.exporting.cost.measuring import Measured
from lastmile.exporting.definition import Budget
from lastmile.values import show_size

_NAMED = 3

Key = Callable[[StepCost], float]


def demand_budget(limits: Budget, measured: Measured, differing: int, cost: Cost) -> None:
    """Raise `OverBudget` for each limit that is exceeded, all at once.

    `differing` counts the rows that a form answers otherwise than scikit-learn. The size of the
    bundle is known only when it is written, and looked at there.
    """
    faults: list[LastmileError] = [OverBudget(what) for what in _over(limits, measured, cost)]
    if limits.differing_rows is not None and differing > limits.differing_rows:
        faults.append(
            OverBudget(
                f"{differing:,} rows are answered otherwise, the budget is "
                f"{limits.differing_rows:,}",
                fix="see the step that the evidence names, or raise the budget",
            )
        )
    raise_faults(faults)


def _over(limits: Budget, measured: Measured, cost: Cost) -> Iterator[str]:
    if limits.latency is not None and measured.latency > limits.latency:
        goes = _where(cost, lambda step: step.weight)
        yield (
            f"one row takes {show_time(measured.latency)} on {measured.machine}, the budget is "
            f"{show_time(limits.latency)}; it goes to {goes}"
        )
    if limits.memory is not None and (measured.memory or 0) > limits.memory:
        goes = _where(cost, lambda step: float(step.size))
        yield (
            f"loading the graph and answering takes {show_size(measured.memory or 0)} on "
            f"{measured.machine}, the budget is {show_size(limits.memory)}; the file's bytes "
            f"are {goes}"
        )


def _where(cost: Cost, key: Key) -> str:
    """The steps that take most, with their shares."""
    whole = sum(key(step) for step in cost.steps) or 1.0
    most = sorted(cost.steps, key=key, reverse=True)[:_NAMED]
    return ", ".join(f"`{step.step}` {key(step) / whole:.0%}" for step in most)


def show_time(seconds: float) -> str:
    """A short time as people read it: `85 µs`, `2.1 ms`, `1.2 s`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
