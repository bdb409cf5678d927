"""Thresholds moved to the columns themselves, exactly.

scikit-learn scales in 64 bits, then rounds to 32 and compares. Computed in 32 bits throughout, a
row near a threshold may fall on the other side. But a step that never falls keeps the order of its
inputs, so there is one largest 32-bit number that still goes left: it is found by bisection over
all 32-bit numbers in their order, by asking scikit-learn's own steps, for all thresholds of a
column at once. The tree then reads the column itself, and no rounding is left.

What is left is the rounding of the column itself: 38.9 is above 38.9 once 32 bits hold it. So a cut
is placed between the sample's numbers that go left and those that go right, where 32 bits can tell
them apart.
"""

from dataclasses import replace

import numpy as np
import onnx

from lastmile.exporting.onnx.nodes import Nodes, Part, Parts
from lastmile.exporting.onnx.origin import Origin, Step
from lastmile.exporting.onnx.trees.forest import Forest
from lastmile.exporting.signature.digits import Numbers

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
            threshold[at] = _rounded(nodes, column, threshold[at], rounds=forest.rounds)
        else:
            key = (origin.door, origin.column)
            column = (Part(origin.door, origin.kind, origin.width), origin.column)
            moved = _moved(nodes, origin, threshold[at], missing[at], rounds=forest.rounds)
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
        cuts = _rounded(nodes, (part, column), thresholds, rounds=False)
        return _flags(nodes, nodes("Greater", x, cuts[None, :]))
    door = nodes.floats(_one(nodes, Part(origin.door, origin.kind, origin.width), origin.column))
    none = np.zeros(len(thresholds), dtype=bool)
    unknown = origin.apply(np.array([np.nan]))[0]
    cuts, _, turned = _moved(nodes, origin, thresholds, none, rounds=False)
    cuts = np.clip(cuts, -_LARGEST, _LARGEST)[None, :]
    found = _flags(nodes, nodes("Less" if turned[0] else "Greater", door, cuts))
    if np.isnan(unknown):
        return found
    filled = (unknown > thresholds).astype(np.float32)[None, :]
    return nodes("Where", nodes("IsNaN", door), filled, found)


def last_not_above(nodes: Nodes, origin: Origin, value: float) -> float:
    """The 32-bit number of the door that the steps take nearest to `value`, and not above it."""
    none = np.zeros(1, dtype=bool)
    cuts, _, _ = _moved(nodes, origin, np.array([value]), none, rounds=False)
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


def _rounded(
    nodes: Nodes, column: tuple[Part, int], thresholds: np.ndarray, *, rounds: bool
) -> np.ndarray:
    """Thresholds [n] on a column that is compared as it is, as 32-bit numbers."""
    cuts = round_down(thresholds).astype(np.float64)
    if rounds:  # scikit-learn itself compares what 32 bits hold
        return cuts
    part, at = column
    return _between(cuts, thresholds, lambda x: x, nodes.numbers_behind(part.origin(at)))


def _moved(
    nodes: Nodes, origin: Origin, thresholds: np.ndarray, missing: np.ndarray, *, rounds: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thresholds [n] on the door, where a missing number goes, and whether the order is turned."""

    def reached(values: np.ndarray) -> np.ndarray:
        made = origin.apply(values.astype(np.float64))
        with np.errstate(over="ignore"):
            return made.astype(np.float32).astype(np.float64) if rounds else made

    def fallen(values: np.ndarray) -> np.ndarray:
        return reached(-values)

    unknown = reached(np.array([np.nan]))[0]
    if not np.isnan(unknown):
        missing = unknown <= thresholds
    falls, inside = _shape(reached)
    distinct, back = np.unique(thresholds, return_inverse=True)
    numbers = nodes.numbers_behind(origin)
    if falls:
        cuts = _last_left(fallen, distinct, -inside)
        cuts = -_between(cuts, distinct, fallen, Numbers(-numbers.values[::-1]))
        return cuts[back], missing, np.ones(len(thresholds), dtype=bool)
    cuts = _between(_last_left(reached, distinct, inside), distinct, reached, numbers)
    return cuts[back], missing, np.zeros(len(thresholds), dtype=bool)


def _between(
    cuts: np.ndarray, thresholds: np.ndarray, reached: Step, numbers: Numbers
) -> np.ndarray:
    """Cuts [n] that part the sample's `numbers` as the thresholds do, and others with their digits.

    A cut stays where it is right already, and where numbers on both sides are one in 32 bits.
    """
    if not len(numbers.values):
        return cuts
    ends = np.concatenate([cuts, np.nextafter(cuts.astype(np.float32), np.float32(np.inf))])
    nearest = numbers.like_these(ends[np.isfinite(ends)].astype(np.float64))
    for values in (np.concatenate([numbers.values, nearest]), numbers.values):
        cuts = _parting(cuts, thresholds, reached, np.unique(values))
    return cuts


def _parting(
    cuts: np.ndarray, thresholds: np.ndarray, reached: Step, values: np.ndarray
) -> np.ndarray:
    """Cuts [n] between those of the `values` [M] f64, rising, that are left and right of each."""
    made = reached(values)
    defined = ~np.isnan(made)
    with np.errstate(over="ignore"):
        narrow = values[defined].astype(np.float32)
    left = np.searchsorted(np.maximum.accumulate(made[defined]), thresholds, side="right")
    padded = np.concatenate([[-np.inf], narrow, [np.inf]]).astype(np.float32)
    lowest, above = padded[left], padded[left + 1]
    highest = np.where(np.isinf(above), np.inf, np.nextafter(above, np.float32(-np.inf)))
    return np.where(lowest < above, np.clip(cuts, lowest, highest), cuts)


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
