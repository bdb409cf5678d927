"""What a graph makes of one column of texts, as one table.

Core ML has texts only to look them up. A graph does that in many steps: it fills in missing texts,
compares, looks up codes, spreads them into zeros and ones, puts rare ones together. All of these
depend on one text alone. So ONNX Runtime is asked what comes out for each text that stands in the
steps, and for one that does not, and a single node with that table takes their place.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.claims import OpId
from lastmile.exporting.coreml.text_steps import Known, known_values
from lastmile.exporting.coreml.view import Node, View
from lastmile.exporting.onnx.sessions import open_session
from lastmile.exporting.signature import Kind

TABLE = OpId("lastmile", "TextTable")
"""A node that no graph has: its input is a raw column of texts, its attribute `table` a `Table`."""


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers of a row that are not zero: their places [n] i64, rising, and values [n] f64."""

    places: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What texts become: each of `texts` the row at its number, all others the row at `unknown`.

    `unknown` is None where other texts are refused. No two `rows` are alike; each is a tensor
    [1, *shape] of the graph, whose elements are of `kind`.
    """

    texts: Mapping[str, int]
    unknown: int | None
    rows: tuple[Row, ...]
    shape: tuple[int, ...]
    kind: Kind

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return int(np.prod(self.shape, dtype=int))


def table_of(answers: Mapping[str, np.ndarray], other: np.ndarray | None) -> Table:
    """The table of the answers [1, *shape] to texts, and that to all others, if they have one.

    Raises `ValueError` where there is no answer at all.
    """
    known: dict[bytes, int] = {}
    rows: list[Row] = []

    def number(answer: np.ndarray) -> int:
        flat = np.asarray(answer, dtype=np.float64).ravel()
        (places,) = np.nonzero(flat)
        values = np.where(np.isnan(flat[places]), np.nan, flat[places])
        key = places.tobytes() + values.tobytes()
        if key not in known:
            known[key] = len(rows)
            rows.append(Row(places, values))
        return known[key]

    texts = {text: number(answer) for text, answer in answers.items()}
    unknown = None if other is None else number(other)
    one = next(iter(answers.values())) if other is None else other
    kind = {"b": Kind.BOOL, "f": Kind.FLOAT}.get(one.dtype.kind, Kind.INT)
    return Table(texts=texts, unknown=unknown, rows=tuple(rows), shape=one.shape[1:], kind=kind)


def with_text_tables(
    view: View, proto: onnx.ModelProto, texts: Collection[str], targets: Collection[str]
) -> View:
    """The view with a table in the place of all that only looks texts up.

    proto: the model of the view. texts: its raw columns of texts. targets: what it answers with.
    """
    if not texts:
        return view
    reading = view.reading(tuple(targets))
    known = known_values(reading, texts)
    model, made = _Model(proto), dict[str, Node]()
    for value in _ends(reading, known, targets):
        (column,) = known[value].texts
        table = _asked(model.behind(value), value, column)
        if table is not None:
            attrs = {"table": table}
            made[value] = Node(op=TABLE, name="", inputs=(column,), outputs=(value,), attrs=attrs)
    nodes = (made.get(node.outputs[0], node) for node in view.nodes)
    return replace(view, nodes=tuple(nodes))


def _ends(view: View, known: Mapping[str, Known], targets: Collection[str]) -> list[str]:
    """Numbers that depend on one text alone, where something reads them that does not.

    What is only joined there keeps its own tables.
    """
    alone = {name for name, one in known.items() if len(one.texts) == 1 and not one.is_text}
    read, ends = set(targets), []
    for node in reversed(view.nodes):
        made = alone.intersection(node.outputs)
        if not made or (node.op == _JOIN and made & read):
            read.update(node.inputs)
        else:
            ends += [name for name in node.outputs if name in made & read]
    return ends[::-1]


_JOIN = OpId("", "Concat")


# --- asking --------------------------------------------------------------------------------------


class _Model:
    """A model, and which node makes each of its values."""

    def __init__(self, proto: onnx.ModelProto) -> None:
        self._proto = proto
        self._makers = {
            name: (at, node) for at, node in enumerate(proto.graph.node) for name in node.output
        }
        self._given = {one.name: one for one in (*proto.graph.initializer, *proto.graph.input)}

    def behind(self, end: str) -> onnx.ModelProto:
        """The part of the model behind one of its values, which is its only output."""
        nodes, given, waiting = dict[int, onnx.NodeProto](), dict[str, Any](), [end]
        while waiting:
            name = waiting.pop()
            if name in self._given:
                given[name] = self._given[name]
            elif name:
                at, node = self._makers[name]
                if at not in nodes:
                    nodes[at] = node
                    waiting.extend(node.input)
        model = onnx.ModelProto(ir_version=self._proto.ir_version)
        model.opset_import.extend(self._proto.opset_import)
        model.graph.name = "steps"
        model.graph.node.extend(nodes[at] for at in sorted(nodes))
        for one in given.values():
            constant = isinstance(one, onnx.TensorProto)
            (model.graph.initializer if constant else model.graph.input).append(one)
        model.graph.output.add(name=end)
        return model


def _asked(steps: onnx.ModelProto, end: str, column: str) -> Table | None:
    """What the steps make of each text of `column`; none where no table says that."""
    session = open_session(steps)
    empty = {one.name: _row("") for one in steps.graph.input}

    def answer(text: str) -> np.ndarray | None:
        try:
            return np.asarray(session.run([end], {**empty, column: _row(text)})[0])
        except Exception:  # of encoders that refuse what they do not know, in no common class
            return None

    texts = sorted(_texts_in(steps))
    other = answer(_unseen(texts))
    answers = {text: made for text in texts if (made := answer(text)) is not None}
    if not answers or (other is not None and len(answers) < len(texts)):
        return None
    return table_of(answers, other)


def _row(text: str) -> np.ndarray:
    return np.array([[text]], dtype=object)


def _texts_in(model: onnx.ModelProto) -> set[str]:
    """Every text that stands in the nodes and constants of a model."""
    found: set[str] = set()
    tensors = list(model.graph.initializer)
    for node in model.graph.node:
        for one in node.attribute:
            found |= {text.decode() for text in (*one.strings, one.s)}
            tensors.append(one.t)
    return found.union(*({text.decode() for text in tensor.string_data} for tensor in tensors))


def _unseen(texts: Collection[str]) -> str:
    text = "unseen"
    while text in texts:
        text += "?"
    return text
