"""The step of a pipeline where two answers first differ.

The graph is written again with every value between its steps as an output; scikit-learn's steps are
listened to. Steps are then compared in the order in which rows pass through them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import pandas as pd

from lastmile.exporting.evidence.compare import Tolerances
from lastmile.exporting.evidence.pairs import SKLEARN, Pair
from lastmile.exporting.evidence.recorder import Call, Calls, record_calls
from lastmile.exporting.evidence.verdict import FirstStep
from lastmile.exporting.onnx.assembly import opsets_of
from lastmile.exporting.onnx.convert import write
from lastmile.exporting.onnx.nodes import ELEMENTS, Parts
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.sessions import open_session
from lastmile.exporting.onnx.writer import Visit, Writer
from lastmile.exporting.signature import Signature, Task
from lastmile.exporting.signature.parts import short_path

_SHOWN = 12
"""At most so many numbers of a row are shown before and after a step."""

_USUAL = 200
"""Rows of the sample that tell the usual size of what a step makes."""

AFTERWARDS = "the finished graph"
"""Stands for a path where every step by itself agrees: the difference came with the rewriting."""

IN_COREML = "the Core ML package"
"""Stands for a path where the graph agrees: the difference came with the lowering."""


@dataclass(frozen=True, slots=True)
class Place:
    """The step found, before it is told: where, by which call, and the furthest number."""

    path: str
    call: Call
    given: np.ndarray
    answer: np.ndarray
    row: int
    column: int
    size: float


def first_difference(
    estimator: Any,
    signature: Signature,
    sample: pd.DataFrame,
    rows: pd.DataFrame,
    tolerance: Tolerances,
) -> Place | None:
    """The first step whose answer to one of `rows` is beyond the tolerance; None if none is.

    `rows` are raw rows. A step's numbers are measured by the usual size of the
    column that it makes of the sample.
    """
    score = any(output.role == "score" for output in signature.outputs)
    writer, _ = write(estimator, sample, signature, Options(score=score, trees=3))
    methods = _methods(estimator, signature)
    inside = [visit.estimator for visit in writer.visits]
    usual = record_calls(estimator, inside, _spread(sample), methods)
    calls = record_calls(estimator, inside, rows, methods)
    values = _values(writer, signature, rows)
    for visit in writer.visits:
        for call in calls.get(id(visit.estimator), ()):
            found = _answer(visit, call.method, values)
            if found is None or len(call.answer) != len(rows) or found.shape != call.answer.shape:
                continue
            limit = tolerance.probability if call.method == "predict_proba" else tolerance.value
            excess, off = _excess(call, found, _scale(usual, visit, call), limit)
            if excess.max(initial=0.0) > 1:
                row, column = (int(at) for at in np.unravel_index(np.argmax(excess), excess.shape))
                given = _joined(visit.given, values)
                return Place(
                    short_path(visit.path), call, given, found, row, column, float(off[row, column])
                )
    return None


def find_first_step(
    estimator: Any,
    signature: Signature,
    sample: pd.DataFrame,
    pair: Pair,
    tolerance: Tolerances,
) -> FirstStep | None:
    """The first step that answers one of the pair's worst rows otherwise, told on that row.

    None where it cannot be looked for: the estimator cannot be copied, or its steps not asked.
    """
    rows = pd.concat([frame for _, frame in pair.worst])
    try:
        place = first_difference(estimator, signature, sample, rows, tolerance)
    except Exception:  # the verdict stands, whatever the search for its cause runs into
        return None
    if place is None:
        return of_whole_form(pair, AFTERWARDS)
    worst, _ = pair.worst[place.row]
    call, engine = place.call, pair.comparison.got
    return FirstStep(
        path=place.path,
        rows=worst.rows,
        inputs=worst.inputs,
        method=call.method,
        column=str(place.column),
        size=place.size,
        before={
            SKLEARN: _shown(call.given[place.row], call.names),
            engine: _shown(place.given[place.row], call.names),
        },
        after={
            SKLEARN: _shown(call.answer[place.row], (), place.column),
            engine: _shown(place.answer[place.row], (), place.column),
        },
    )


def of_whole_form(pair: Pair, path: str) -> FirstStep:
    """The worst row of a pair where no step of the pipeline is to blame."""
    worst, _ = pair.worst[0]
    return FirstStep(
        path=path,
        rows=worst.rows,
        inputs=worst.inputs,
        before={},
        after={pair.comparison.expected: worst.expected, pair.comparison.got: worst.got},
    )


def _methods(estimator: Any, signature: Signature) -> tuple[str, ...]:
    """What scikit-learn is asked, so that every step is."""
    if signature.task is Task.TRANSFORM:
        return ("transform",)
    roles = {output.role for output in signature.outputs}
    more = {"probabilities": "predict_proba", "score": "decision_function"}
    return ("predict", *(name for role, name in more.items() if role in roles))


def _spread(sample: pd.DataFrame) -> pd.DataFrame:
    places = np.linspace(0, len(sample) - 1, min(_USUAL, len(sample))).round().astype(int)
    return sample.iloc[places]


# --- the graph's values --------------------------------------------------------------------------


def _values(writer: Writer, signature: Signature, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Every value of every step as the unrewritten graph computes it."""
    feeds = signature.feeds(rows)
    wanted = {name for visit in writer.visits for name in _names(visit)} - {""}
    made = {name for node in writer.nodes for name in node.output}
    proto = _with_outputs(writer, signature, sorted(wanted & made))
    answers = open_session(proto).run(None, feeds)
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in writer.constants}
    return {**constants, **feeds, **dict(zip(sorted(wanted & made), answers, strict=True))}


def _names(visit: Visit) -> Iterator[str]:
    answer = visit.answer
    yield from (part.name for part in (*visit.given, *answer.features))
    yield from (answer.value, answer.index, answer.label, answer.probabilities, answer.score)


def _with_outputs(writer: Writer, signature: Signature, names: Sequence[str]) -> onnx.ModelProto:
    graph = onnx.helper.make_graph(
        writer.nodes,
        "steps",
        [
            onnx.helper.make_tensor_value_info(column.identifier, ELEMENTS[column.kind], ["N", 1])
            for column in signature.columns
        ],
        [onnx.ValueInfoProto(name=name) for name in names],
        writer.constants,
    )
    return onnx.helper.make_model(graph, opset_imports=opsets_of(writer.nodes), ir_version=10)


def _answer(visit: Visit, method: str, values: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """What the graph answers in place of `method`, [N, width]; None where it does not."""
    answer = visit.answer
    if method == "transform":
        return _joined(answer.features, values) if answer.features else None
    name = {
        "predict": answer.value or answer.label,
        "predict_proba": answer.probabilities,
        "decision_function": answer.score,
    }[method]
    if name:
        return _as_table(values[name])
    if method == "predict" and answer.index:
        return _as_table(np.array(answer.classes, dtype=object)[values[answer.index]])
    return None


def _joined(parts: Parts, values: Mapping[str, np.ndarray]) -> np.ndarray:
    tables = [_as_table(values[part.name]) for part in parts if part.name in values]
    same = len({table.dtype.kind for table in tables}) == 1
    return np.concatenate([t if same else t.astype(object) for t in tables], axis=1)


def _as_table(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)


# --- how far apart -------------------------------------------------------------------------------


def _scale(usual: Calls, visit: Visit, call: Call) -> np.ndarray | float:
    """The usual size of each column that this step makes; 0 where it has none."""
    for other in usual.get(id(visit.estimator), ()):
        if other.method == call.method and other.answer.shape[1:] == call.answer.shape[1:]:
            numbers = _numbers(other.answer)
            if numbers is not None:
                finite = np.where(np.isfinite(numbers), numbers, 0.0)
                return np.asarray(np.sqrt(np.mean(finite**2, axis=0)))
    return 0.0


def _excess(
    call: Call, found: np.ndarray, scale: np.ndarray | float, limit: float
) -> tuple[np.ndarray, np.ndarray]:
    """How many times the limit each number [N, width] is off, and the plain difference."""
    first, second = _numbers(call.answer), _numbers(found)
    if first is None or second is None or (call.method == "predict" and _whole(found)):
        other = call.answer.astype(str) != found.astype(str)
        if first is not None and second is not None:
            other = first != second
        return np.where(other, np.inf, 0.0), np.where(other, 1.0, 0.0)
    with np.errstate(all="ignore"):
        same = (first == second) | (np.isnan(first) & np.isnan(second))
        off = np.where(same, 0.0, np.abs(first - second))
        size = 1.0
        if call.method != "predict_proba":
            size = np.maximum(np.maximum(np.abs(first), np.abs(second)), scale)
        excess = np.where(same, 0.0, off / (size * limit))
    return np.where(np.isnan(excess), np.inf, excess), off


def _numbers(values: np.ndarray) -> np.ndarray | None:
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return None


def _whole(values: np.ndarray) -> bool:
    return values.dtype.kind in "iuOb"


def _shown(values: np.ndarray, names: Sequence[str], around: int = 0) -> dict[str, Any]:
    """Some numbers of one row, by column."""
    start = max(0, min(around - _SHOWN // 2, len(values) - _SHOWN))
    columns = range(start, min(start + _SHOWN, len(values)))
    named = len(names) == len(values)
    return {
        names[at] if named else str(at): values[at].item()
        if isinstance(values[at], np.generic)
        else values[at]
        for at in columns
    }
