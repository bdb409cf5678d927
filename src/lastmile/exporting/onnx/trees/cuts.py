"""Thresholds moved to the columns themselves, exactly.

scikit-learn scales in 64 bits, then rounds to 32 and compares. Computed in 32 bits throughout, a
row near a threshold may fall on the other side. But a step that never falls keeps the order of its
inputs, so there is one largest 32-bit number that still goes left: it is found by bisection over
all 32-bit numbers in their order, by asking scikit-learn's own steps, for all thresholds of a
column at once. The tree then reads the column itself, and no rounding is left.
"""

from dataclasses import replace

import numpy as np
import onnx

from lastmile.exporting.onnx.nodes import Nodes, Part, Parts
from lastmile.exporting.onnx.origin import Origin, Step
from lastmile.exporting.onnx.trees.forest import Forest

_LARGEST = float(np.finfo(np.float32).max)
_PROBES = np.array([0.0, 1.0, -1.0, 0.5, 10.0, -10.0, 1e3, -1e3, 1e6, 1e-6])


def cut(nodes: Nodes, forest: Forest, parts: Parts) -> tuple[str, Forest]:
    """The array that the trees read, and the forest with its thresholds as 32-bit numbers.

    Numbers that no exact column stands behind are compared as the graph computes them.
    """
    origins = [part.origin(column) for part in parts for column in range(part.width)]
    owners = [(part, column) for part in parts for column in range(part.width)]
    doors: dict[tuple[str, int], int] = {}
    columns: list[tuple[Part, int]] = []
    feature, above = forest.feature.copy(), forest.above.copy()
    threshold, missing = forest.threshold.copy(), forest.missing_left.copy()
    splits = forest.splits
    for old in forest.read:
        origin = origins[old]
        at = np.flatnonzero(splits & (forest.feature == old))
        if origin is None or not origin.steps:
            column = owners[old]
            key = (column[0].name, column[1])
            threshold[at] = round_down(threshold[at])
        else:
            key = (origin.door, origin.column)
            column = (Part(origin.door, origin.kind, origin.width), origin.column)
            moved = _moved(origin, threshold[at], missing[at], rounds=forest.rounds)
            threshold[at], missing[at], above[at] = moved
        if key not in doors:
            doors[key] = len(columns)
            columns.append(column)
        feature[at] = doors[key]
    if not columns:  # trees of a single leaf read nothing
        columns = [next(owner for owner in owners if owner[0].name)]
    threshold = np.minimum(threshold, _LARGEST)
    changed = replace(
        forest, feature=feature, threshold=threshold, missing_left=missing, above=above
    )
    return nodes.matrix(nodes.chosen(columns)), changed


def exceeds(nodes: Nodes, part: Part, column: int, thresholds: np.ndarray) -> str:
    """[N, n] f32: 1 where a column, as scikit-learn has it in 64 bits, is above each threshold.

    thresholds: [n] f64. Where an exact column stands behind, that is compared.
    """
    origin = part.origin(column)
    if origin is None or not origin.steps:
        x = nodes.floats(_one(nodes, part, column))
        return _flags(nodes, nodes("Greater", x, round_down(thresholds)[None, :]))
    door = nodes.floats(_one(nodes, Part(origin.door, origin.kind, origin.width), origin.column))
    none = np.zeros(len(thresholds), dtype=bool)
    unknown = origin.apply(np.array([np.nan]))[0]
    cuts, _, turned = _moved(origin, thresholds, none, rounds=False)
    cuts = np.clip(cuts, -_LARGEST, _LARGEST)[None, :]
    found = _flags(nodes, nodes("Less" if turned[0] else "Greater", door, cuts))
    if np.isnan(unknown):
        return found
    filled = (unknown > thresholds).astype(np.float32)[None, :]
    return nodes("Where", nodes("IsNaN", door), filled, found)


def last_not_above(origin: Origin, value: float) -> float:
    """The 32-bit number of the door that the steps take nearest to `value`, and not above it."""
    cuts, _, _ = _moved(origin, np.array([value]), np.zeros(1, dtype=bool), rounds=False)
    return float(np.clip(cuts, -_LARGEST, _LARGEST)[0])


def _flags(nodes: Nodes, truth: str) -> str:
    return nodes("Cast", truth, to=onnx.TensorProto.FLOAT)


def _one(nodes: Nodes, part: Part, column: int) -> Part:
    """One column as a part of its own."""
    return nodes.pick((part,), [column])[0]


def round_down(values: np.ndarray) -> np.ndarray:
    """The largest f32 that is not above each f64."""
    with np.errstate(over="ignore"):
        near = values.astype(np.float32)
        return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)


def _moved(
    origin: Origin, thresholds: np.ndarray, missing: np.ndarray, *, rounds: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thresholds [n] on the door, where a missing number goes, and whether the order is turned."""

    def reached(values: np.ndarray) -> np.ndarray:
        made = origin.apply(values.astype(np.float64))
        with np.errstate(over="ignore"):
            return made.astype(np.float32).astype(np.float64) if rounds else made

    unknown = reached(np.array([np.nan]))[0]
    if not np.isnan(unknown):
        missing = unknown <= thresholds
    falls, inside = _shape(reached)
    distinct, back = np.unique(thresholds, return_inverse=True)
    if falls:
        cuts = -_last_left(lambda x: reached(-x), distinct, -inside)
        return cuts[back], missing, np.ones(len(thresholds), dtype=bool)
    cuts = _last_left(reached, distinct, inside)
    return cuts[back], missing, np.zeros(len(thresholds), dtype=bool)


def _shape(reached: Step) -> tuple[bool, float]:
    """Whether the steps fall, and a number that they are defined for."""
    made = reached(_PROBES)
    defined = ~np.isnan(made)
    order = np.argsort(_PROBES[defined])
    rising = made[defined][order]
    if not len(rising):
        return False, 0.0
    return bool(rising[-1] < rising[0]), float(_PROBES[defined][0])


def _last_left(reached: Step, thresholds: np.ndarray, inside: float) -> np.ndarray:
    """The largest f32 x with reached(x) <= t, for each t, where `reached` never falls.

    Numbers that it is not defined for count as the nearest side of `inside`. Where nothing goes
    left the result is minus infinity.
    """
    low = np.full(len(thresholds), _ordered(-_LARGEST) - 1)
    high = np.full(len(thresholds), _ordered(_LARGEST))
    while (low < high).any():
        middle = low + (high - low + 1) // 2
        x = np.maximum(_number(middle), -_LARGEST)
        made = reached(x)
        left = np.where(np.isnan(made), x < inside, made <= thresholds)
        low, high = np.where(left, middle, low), np.where(left, high, middle - 1)
    return _number(low)


def _ordered(value: float) -> int:
    """The place of an f32 in the order of all of them; both zeros have one."""
    bits = int(np.float32(value).view(np.int32))
    return bits if bits >= 0 else -(bits & 0x7FFFFFFF)


def _number(places: np.ndarray) -> np.ndarray:
    """The f32 at each place, as f64; one before the smallest is minus infinity."""
    bits = np.where(places >= 0, places, (-places) | (1 << 31)).astype(np.uint32)
    return bits.view(np.float32).astype(np.float64)
