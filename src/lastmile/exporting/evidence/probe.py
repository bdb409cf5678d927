"""Rows for a graph that came without a sample, and what two forms of it answer to them.

Numbers are drawn, and stand at the thresholds of trees; texts and whole numbers are those that the
graph knows. Missing and unseen values are not asked, as a graph alone does not say what they mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import pandas as pd

from lastmile.exporting.evidence.compare import Tolerances, distance, usual_size
from lastmile.exporting.evidence.thresholds import thresholds_of
from lastmile.exporting.onnx import Graph
from lastmile.exporting.signature import Column, Kind

ROWS = 400
_MOST_THRESHOLDS = 100
_TEXTS = ("cats_strings", "keys_strings")
_NUMBERS = ("cats_int64s", "keys_int64s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """How far two forms of a graph are apart on rows that were made for it."""

    rows: int
    label_mismatches: int
    beyond_tolerance: int
    largest_absolute: float

    @property
    def holds(self) -> bool:
        """Whether they answer alike."""
        return not self.label_mismatches and not self.beyond_tolerance


def probe(graph: Graph, other: Any, tolerance: Tolerances | None = None) -> Probed:
    """Ask ONNX Runtime and `other` the same rows.

    Raises:
        RowsRefused: the runtime does not answer rows of numbers.
        PackageBroken: the other form cannot be evaluated.
    """
    rows = probing_rows(graph)
    expected, got = graph.run(rows), other.run(rows)
    sized = Tolerances(scale=usual_size(expected)) if tolerance is None else tolerance
    apart = distance(expected, got, sized)
    return Probed(
        rows=len(rows),
        label_mismatches=int(apart.relabelled.sum()),
        beyond_tolerance=int(apart.beyond.sum()),
        largest_absolute=float(apart.absolute.max(initial=0.0)),
    )


def probing_rows(graph: Graph) -> pd.DataFrame:
    """Rows that the graph can answer, the same each time."""
    chance = np.random.default_rng(0)
    texts, numbers = (list(_known(graph.proto, names)) for names in (_TEXTS, _NUMBERS))
    frame = pd.DataFrame(
        {column.name: _drawn(column, chance, texts, numbers) for column in graph.signature.columns}
    )
    return pd.concat([frame, *_at_thresholds(graph, frame)], ignore_index=True)


def _drawn(
    column: Column, chance: np.random.Generator, texts: list[Any], numbers: list[Any]
) -> Any:
    if column.kind is Kind.STRING:
        return chance.choice(np.array(texts or [""], dtype=object), ROWS)
    if column.kind is Kind.BOOL:
        return chance.random(ROWS) < 0.5
    if column.kind is Kind.INT:
        return chance.choice(numbers or np.arange(20), ROWS).astype(np.int64)
    sizes = chance.choice([1.0, 1.0, 1.0, 10.0], ROWS)
    return (chance.normal(size=ROWS) * sizes).astype(np.float32).astype(np.float64)


def _known(proto: onnx.ModelProto, names: tuple[str, ...]) -> Iterator[Any]:
    for node in proto.graph.node:
        for one in node.attribute:
            if one.name in names:
                yield from (text.decode() for text in one.strings)
                yield from one.ints


def _at_thresholds(graph: Graph, frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    kinds = {column.name: column.kind for column in graph.signature.columns}
    for name, values in thresholds_of(graph).by_column.items():
        if kinds[name] is not Kind.FLOAT:
            continue
        near = values[:: max(1, len(values) // _MOST_THRESHOLDS)].astype(np.float32)
        above = np.nextafter(near, np.float32(np.inf))
        points = np.concatenate([near, above]).astype(np.float64)
        points = points[np.isfinite(points)]
        rows = frame.iloc[np.arange(len(points)) % len(frame)]
        yield rows.assign(**{name: points})
