"""All operators of a graph counted, by the steps of the pipeline that they were written for.

No device is needed: the graph runs once here, for the sizes of the values in it and the ways
through its trees, and everything else is arithmetic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd

from lastmile.errors import RowsRefused
from lastmile.exporting.cost.operators import bytes_read, multiply_adds
from lastmile.exporting.cost.walking import NODE_BYTES, visited
from lastmile.exporting.onnx.graph import Graph, demand_plain
from lastmile.exporting.onnx.sessions import open_session
from lastmile.exporting.signature.parts import short_path

_OPERATOR, _VISIT, _MULTIPLY_ADD, _BYTE = 700.0, 12.0, 0.1, 0.05
"""What one operator, visit, multiply-add and byte weigh against each other.

Roughly nanoseconds of ONNX Runtime on one core of a server; only their order is meant.
"""

_ROWS = 64
"""So many rows of the sample are led through the trees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCost:
    """What one step costs for one row; `size` is its share of the file in bytes.

    `visited` counts splits and leaves of trees; it is a mean over rows where there were some.
    """

    step: str
    operators: int = 0
    visited: float = 0.0
    multiply_adds: float = 0.0
    bytes_read: float = 0.0
    size: int = 0

    @property
    def weight(self) -> float:
        """All of it in one number, to compare steps and graphs by; not a time."""
        return (
            _OPERATOR * self.operators
            + _VISIT * self.visited
            + _MULTIPLY_ADD * self.multiply_adds
            + _BYTE * self.bytes_read
        )

    def __add__(self, other: "StepCost") -> "StepCost":
        return StepCost(
            step=self.step,
            operators=self.operators + other.operators,
            visited=self.visited + other.visited,
            multiply_adds=self.multiply_adds + other.multiply_adds,
            bytes_read=self.bytes_read + other.bytes_read,
            size=self.size + other.size,
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What every step costs; `rows` of the sample were led through.

    Steps stand in the order of the rows' way, operators of a file by their weight.
    """

    steps: tuple[StepCost, ...]
    rows: int

    @property
    def total(self) -> StepCost:
        """All steps together."""
        return sum(self.steps, StepCost(step="all"))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for programs; `share` is that of the weight."""
        whole = self.total.weight or 1.0
        return {
            "rows": self.rows,
            "total": _plain(self.total, whole),
            "steps": [_plain(step, whole) for step in self.steps],
        }


def _plain(step: StepCost, whole: float) -> dict[str, Any]:
    return {
        "step": step.step,
        "operators": step.operators,
        "visited": round(step.visited, 2),
        "multiply_adds": round(step.multiply_adds, 2),
        "bytes_read": round(step.bytes_read, 2),
        "size": step.size,
        "weight": round(step.weight, 1),
        "share": round(step.weight / whole, 4),
    }


def cost_of(graph: Graph, rows: pd.DataFrame) -> Cost:
    """What the graph costs by the steps of its pipeline, counted on some of `rows`."""
    places = np.linspace(0, len(rows) - 1, min(_ROWS, len(rows))).round().astype(int)
    feeds = graph.signature.feeds(rows.iloc[places])
    return _count(graph.proto, feeds, graph.steps, real=True)


def cost_of_file(path: Path) -> Cost:
    """What an ONNX file costs, by its operators: nothing tells for which step they stand.

    Raises:
        RowsRefused: it is no sound model of standard operators, or takes what is no table.
    """
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(path.read_bytes())
        demand_plain(proto)
        return _count(proto, _nothing(proto), {}, real=False)
    except Exception as error:  # a file of somebody else's can fail in any way
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise RowsRefused(
            f"{path.name} cannot be counted: {lines[0][:200]}",
            fix="name a file of ONNX's standard operators whose inputs are columns of a table",
        ) from error


def _nothing(proto: onnx.ModelProto) -> dict[str, np.ndarray]:
    """One row of zeros and empty texts."""
    feeds = {}
    constants = {tensor.name for tensor in proto.graph.initializer}
    for value in proto.graph.input:
        if value.name in constants:
            continue
        kind = value.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        shape = [max(1, one.dim_value) for one in kind.shape.dim]
        feeds[value.name] = np.full(shape, "" if dtype.kind == "O" else 0, dtype=dtype)
    return feeds


def _count(
    proto: onnx.ModelProto,
    feeds: Mapping[str, np.ndarray],
    owners: Mapping[str, str],
    *,
    real: bool,
) -> Cost:
    count = len(next(iter(feeds.values()))) if feeds else 1
    many = _values(proto, feeds)
    one = _values(proto, {name: values[:1] for name, values in feeds.items()})
    weights = {tensor.name: tensor.ByteSize() for tensor in proto.graph.initializer}
    found: dict[str, StepCost] = {}
    for node in proto.graph.node:
        inputs = [one[name] for name in node.input if name]
        outputs = [one[name] for name in node.output if name]
        step = _step(node, owners)
        ways = 0.0
        if node.op_type.startswith("TreeEnsemble"):
            ways = visited(node, many[node.input[0]] if real else None)
        held = sum(weights.pop(name, 0) for name in node.input)
        cost = StepCost(
            step=step,
            operators=1,
            visited=ways,
            multiply_adds=multiply_adds(node, inputs, outputs),
            bytes_read=bytes_read(node, inputs, outputs) + NODE_BYTES * ways,
            size=node.ByteSize() + held,
        )
        found[step] = found[step] + cost if step in found else cost
    steps = list(found.values())
    if not owners:
        steps.sort(key=lambda step: -step.weight)
    return Cost(tuple(steps), count if real else 0)


def _step(node: onnx.NodeProto, owners: Mapping[str, str]) -> str:
    """The step that a node was written for, or its operator where nobody knows."""
    if not owners:
        return str(node.op_type)
    for name in (*node.output, *node.input):
        if name in owners:
            return short_path(owners[name])
    return "answer"


def _values(proto: onnx.ModelProto, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of the graph for these rows."""
    names = list(dict.fromkeys(name for node in proto.graph.node for name in node.output if name))
    listening = onnx.ModelProto()
    listening.CopyFrom(proto)
    del listening.graph.output[:]
    listening.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    answers: Sequence[Any] = open_session(listening).run(names, dict(feeds))
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer}
    return {**constants, **feeds, **{n: np.asarray(a) for n, a in zip(names, answers, strict=True)}}
