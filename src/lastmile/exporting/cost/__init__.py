"""What a graph costs: counted without any device, and measured on this machine.

operators  multiply-adds and bytes of one operator
walking    how many nodes of its trees one prediction visits
counting   all operators of a graph, by the steps of the pipeline
page       the table of a cost as HTML
measuring  latency and memory here, with the machine's name
budget     limits, and what exceeds them
"""

from lastmile.exporting.cost.budget import demand_budget, show_time
from lastmile.exporting.cost.counting import Cost, StepCost, cost_of, cost_of_file
from lastmile.exporting.cost.measuring import Machine, Measured, measure, measure_memory

__all__ = [
    "Cost",
    "Machine",
    "Measured",
    "StepCost",
    "cost_of",
    "cost_of_file",
    "demand_budget",
    "measure",
    "measure_memory",
    "show_time",
]
