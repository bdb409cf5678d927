"""What one answer costs in time, measured side by side."""

import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd


def one_answer(ways: Mapping[str, Callable[[], object]], *, repeats: int = 200) -> pd.DataFrame:
    """How long each way takes to answer once, in milliseconds.

    The ways take turns, so that what else the machine does disturbs all alike. Columns: `median`
    and `p95`, the time that 95 of 100 answers stay below.
    """
    for ask in ways.values():
        ask()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, ask in ways.items():
            start = time.perf_counter()
            ask()
            taken[name].append((time.perf_counter() - start) * 1000)
    return pd.DataFrame(
        {
            "median": {name: float(np.median(times)) for name, times in taken.items()},
            "p95": {name: float(np.quantile(times, 0.95)) for name, times in taken.items()},
        }
    )
