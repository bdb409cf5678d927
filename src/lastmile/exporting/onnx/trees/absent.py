"""Numbers that a library takes for missing: zeros of sparse arrays, or a marker."""

from dataclasses import replace

import numpy as np

from lastmile.exporting.onnx.nodes import Nodes, Part, Parts
from lastmile.exporting.onnx.origin import Origin
from lastmile.exporting.onnx.trees.cuts import exceeds, last_not_above
from lastmile.exporting.onnx.trees.forest import Forest
from lastmile.exporting.signature import Kind


def absent(nodes: Nodes, parts: Parts, forest: Forest, low: float, high: float) -> Parts:
    """The columns with NaN where the trees' library has a number from `low` to `high` in 64 bits.

    Columns that no tree reads stay as they are.

    Raises:
        ValueError: a number that an imputer puts in has no neighbour that is routed alike.
    """
    read = set(forest.read.tolist())
    made: list[Part] = []
    owners = [(part, at) for part in parts for at in range(part.width)]
    for number, (part, at) in enumerate(owners):
        (column,) = nodes.pick((part,), [at])
        if number in read:
            thresholds = forest.threshold[forest.splits & (forest.feature == number)]
            column = _without(nodes, column, (low, high), thresholds)
        made.append(column)
    return tuple(made)


def _without(nodes: Nodes, column: Part, zone: tuple[float, float], thresholds: np.ndarray) -> Part:
    low, high = zone
    ends = (np.nextafter(low, -np.inf), high)
    above, over = (exceeds(nodes, column, 0, np.array([end])) for end in ends)
    inside = nodes("Greater", above, over)
    origin = column.origin(0)
    door = column if origin is None or not origin.steps else _door(nodes, origin)
    x = nodes.floats(door)
    if origin is not None and origin.steps:
        filled = origin.apply(np.array([np.nan]))[0]
        if not np.isnan(filled) and not low <= filled <= high:
            x = nodes(
                "Where", nodes("IsNaN", x), np.float32(_alike(nodes, origin, filled, thresholds)), x
            )
    name = nodes("Where", inside, np.float32(np.nan), x)
    if origin is None or not origin.steps:
        return Part(name, Kind.FLOAT)
    return Part(name, Kind.FLOAT, 1, (_unfilled(origin, name),))


def _door(nodes: Nodes, origin: Origin) -> Part:
    whole = Part(origin.door, origin.kind, origin.width)
    return nodes.pick((whole,), [origin.column])[0]


def _alike(nodes: Nodes, origin: Origin, filled: float, thresholds: np.ndarray) -> float:
    """A number of the door that every split sends where the imputer's number goes."""
    door = last_not_above(nodes, origin, filled)
    (reached,) = origin.apply(np.array([door]))
    if not np.array_equal(reached <= thresholds, filled <= thresholds):
        raise ValueError("no number of the column stands for the one that an imputer puts in")
    return door


def _unfilled(origin: Origin, door: str) -> Origin:
    """The same steps on another door, where a missing number stays one."""

    def step(values: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(values), np.nan, origin.apply(values))

    return replace(origin, door=door, column=0, kind=Kind.FLOAT, width=1, steps=(step,))
