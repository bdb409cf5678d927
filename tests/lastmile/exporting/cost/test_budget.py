"""What exceeds a budget is refused, with what was measured and where it goes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from lastmile.errors import Faults, OverBudget
from lastmile.exporting.cost import (
    Machine,
    Measured,
    StepCost,
    cost_of,
    demand_budget,
    measure,
    show_time,
)
from lastmile.exporting.cost.counting import Cost
from lastmile.exporting.definition import Budget
from lastmile.exporting.onnx import to_onnx

HERE = Machine("A processor", 2, "Linux x86_64")
TOOK = Measured(machine=HERE, onnxruntime="1.32.0", latency=3e-3, latency_95=4e-3, memory=9_000_000)
COST = Cost(
    (
        StepCost(step="columns > scale (StandardScaler)", operators=1, size=100),
        StepCost(step="model (RandomForestClassifier)", operators=1, visited=3000, size=9900),
    ),
    64,
)


def test_each_limit_that_is_exceeded_is_told_at_once_with_the_machine_and_the_step():
    limits = Budget(latency="2 ms", memory="1 MB", differing_rows=2)
    with pytest.raises(Faults) as found:
        demand_budget(limits, TOOK, 7, COST)
    time, memory, rows = (fault.what for fault in found.value.faults)

    assert "one row takes 3 ms on A processor, 2 cores" in time
    assert "`model (RandomForestClassifier)` 98%" in time
    assert "9.0 MB" in memory
    assert "`model (RandomForestClassifier)` 99%" in memory
    assert "7 rows are answered otherwise, the budget is 2" in rows
    assert {fault.exit_code for fault in found.value.faults} == {3}


def test_within_the_budget_nothing_is_said():
    demand_budget(Budget(latency="3 ms", memory="9 MB", differing_rows=7), TOOK, 7, COST)
    demand_budget(Budget(), TOOK, 10**6, COST)


def test_one_limit_alone_is_one_error():
    with pytest.raises(OverBudget, match="budget is 1 ms"):
        demand_budget(Budget(latency="1ms"), TOOK, 0, COST)


def test_time_and_memory_are_measured_here():
    rows = pd.DataFrame({"x": np.arange(20.0)})
    graph = to_onnx(LogisticRegression().fit(rows, rows["x"] > 9), rows)
    took = measure(graph, rows, memory=True)

    assert 0 < took.latency <= took.latency_95
    assert took.memory > 0
    assert took.machine == Machine.here()
    assert took.machine.cores > 0
    assert measure(graph, rows).memory is None
    assert cost_of(graph, rows).rows == 20


@pytest.mark.parametrize(
    ("seconds", "shown"), [(8.5e-5, "85 µs"), (2.1e-3, "2.1 ms"), (1.25, "1.25 s")]
)
def test_a_time_is_shown_in_its_unit(seconds, shown):
    assert show_time(seconds) == shown
